from django.apps import AppConfig
from django.conf import settings


class MailConfig(AppConfig):
    name = "nps_loop.mail"
    label = "mail"
    verbose_name = "Mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register where unsubscribe links lead, and what /readyz says of the mailbox."""
        from nps_loop import health, links
        from nps_loop.mail import envelope
        from nps_loop.mail.inbound import polling, providers

        links.targets[envelope.UNSUBSCRIBE] = envelope.unsubscribe_targets
        if settings.INBOUND_WEBHOOK_SECRET:
            providers.connect()
        health.CHECKS["mailbox"] = polling.state
