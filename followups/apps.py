from django.apps import AppConfig


class FollowupsConfig(AppConfig):
    name = "followups"
    verbose_name = "Follow-ups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the one receiver on surveys' signal and register what surveys, mail and links ask of followups."""
        from followups import receivers

        receivers.connect()
