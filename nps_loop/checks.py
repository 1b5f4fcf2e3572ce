"""What `manage.py check` says about settings that work but will surprise somebody."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.security)
def debug_is_local(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows settings and customers' words to whoever causes an error."""
    strangers = [host for host in settings.ALLOWED_HOSTS if host.strip("[]") not in ("localhost", "127.0.0.1", "::1")]
    if not settings.DEBUG or not strangers:
        return []
    return [
        Error(
            f"DEBUG is on while ALLOWED_HOSTS serves {', '.join(strangers)}.",
            hint="Unset DEBUG. For debugging, serve localhost only.",
            id="nps_loop.E001",
        )
    ]


@register(Tags.security)
def site_url_is_set(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Links in customers' mails come from SITE_URL alone."""
    if not settings.PRODUCTION:
        return []
    site = urlsplit(settings.SITE_URL)
    if not site.hostname:
        return [
            # A warning, so that set-up commands (migrate, import_responses) run before the address is known.
            Warning(
                "SITE_URL is not set, so no mail can hold a link that works.",
                hint="Set it to the address people use, for example SITE_URL=https://loop.example.com",
                id="nps_loop.W004",
            )
        ]
    if site.scheme != "https":
        return [
            Warning(
                f"SITE_URL is {settings.SITE_URL}: log-ins and customers' links travel unencrypted.",
                hint="Serve the site over https and set SITE_URL so; cookies, redirect and HSTS follow from it.",
                id="nps_loop.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def mail_leaves(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Without a mail server no customer is told anything."""
    if not settings.PRODUCTION or settings.MAIL_SERVER:
        return []
    return [
        Warning(
            "EMAIL_URL is not set: mails are written and shown under /mailbox/, and no customer gets one.",
            hint="Set EMAIL_URL, for example EMAIL_URL=smtp+tls://user:password@mail.example.com:587",
            id="nps_loop.W002",
        )
    ]


@register(Tags.security, deploy=True)
def broker_is_shared(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Only `manage.py demo` starts the embedded broker."""
    if not settings.PRODUCTION or settings.REDIS_URL:
        return []
    return [
        Warning(
            "REDIS_URL is not set: no broker is started for a deployment, so nothing wakes the workers.",
            hint="Install Redis or Valkey and set REDIS_URL, for example REDIS_URL=redis://127.0.0.1:6379/0",
            id="nps_loop.W003",
        )
    ]
