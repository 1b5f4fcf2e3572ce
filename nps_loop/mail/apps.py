from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "nps_loop.mail"
    label = "mail"
    verbose_name = "Mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register where unsubscribe links lead."""
        from nps_loop import links
        from nps_loop.mail import envelope

        links.targets[envelope.UNSUBSCRIBE] = envelope.unsubscribe_targets
