"""Who works here, and which programs may speak for them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person of the company: agent, lead, admin or back office. What they may see follows from their teams."""

    title = models.CharField(max_length=120, blank=True, help_text="Shown to customers under the name.")
    phone = models.CharField(max_length=40, blank=True, help_text="Shown to customers in personal mails.")
    language = models.CharField(max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    single_keys = models.BooleanField(default=True, help_text="Single-key short cuts on the pages.")
    morning_mail = models.BooleanField(
        default=True, help_text="A mail with the day ahead, once at the start of each working day."
    )
    digest_mail = models.BooleanField(
        default=True, help_text="What needs a look: on Mondays for whoever leads, monthly for directors."
    )
    # Whoever raises it to a day owes this person the mail of that day, or has found nothing to say.
    morning_mail_on = models.DateField(null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):
        ordering = ["first_name", "last_name", "username"]
        indexes = [models.Index(fields=["email"], name="user_by_email")]

    @property
    def name(self) -> str:
        """Full name, or the log-in name where none is known."""
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name.split()[:2]).upper()


class ApiKeyManager(models.Manager["ApiKey"]):
    def issue(self, name: str, scope: str, **extra: Any) -> tuple[ApiKey, str]:
        """Make a key and return it with its secret, which is shown once and stored as SHA-256 only."""
        secret = f"npsl_{secrets.token_urlsafe(32)}"
        return self.create(name=name, scope=scope, prefix=secret[:12], digest=ApiKey.digest_of(secret), **extra), secret

    def find(self, secret: str, *, now: datetime) -> ApiKey | None:
        """The live key with this secret, or None. Marks its use at most once a minute."""
        key = (
            self.select_related("user")
            .filter(digest=ApiKey.digest_of(secret), revoked_at=None)
            .filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))
            .first()
        )
        if key and (key.last_used_at is None or now - key.last_used_at > timedelta(minutes=1)):
            self.filter(pk=key.pk).update(last_used_at=now)
        return key


class ApiKey(models.Model):
    """A program's access. The key's scope decides what it may do; `user`, where given, whose hand an act counts as."""

    class Scope(models.TextChoices):
        INGEST = "ingest", _("Ingest: send answers, nothing else")
        READ = "read", _("Read: everything, change nothing")
        WRITE = "write", _("Write: everything an administrator may do")

    name = models.CharField(max_length=120)
    scope = models.CharField(max_length=10, choices=Scope)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="api_keys"
    )
    source = models.SlugField(blank=True, help_text="Slug of the source whose answers this key sends.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyManager()

    def __str__(self) -> str:
        return f"{self.name} ({self.scope}, {self.prefix}…)"

    @property
    def principal(self) -> str:
        """The short name that requests are counted and first answers are kept by."""
        return f"key:{self.pk}"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class IdempotentRequest(models.Model):
    """First answer to a POST with an Idempotency-Key, kept for 24 h per API key."""

    owner = models.CharField(max_length=40, help_text="Who sent it: key:<id>, user:<id> or source:<id>.")
    key = models.CharField(max_length=255)
    path = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="None while the first request is in flight.")
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_answer_per_idempotency_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]


class Presses(models.Model):
    """How often one internet address did one thing within one stretch of time: wrong links, answers by an open link.

    In the database and not in a cache, because every process of the site counts on.
    """

    what = models.CharField(max_length=20)
    who = models.CharField(max_length=32, help_text="Keyed hash of the address: it is counted, not kept.")
    since = models.DateTimeField(help_text="Start of the stretch.")
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "who", "since"], name="one_count_per_stretch")]
        indexes = [models.Index(fields=["since"], name="presses_by_age")]
