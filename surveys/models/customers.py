"""Who the customer is: the brand they know us by, the company that buys, the person who answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Replace
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Brand(models.Model):
    """The name customers know us by: sender, reply address, colours and legal footer of what they receive."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    sender_address = models.EmailField(help_text="Address mails come from.")
    reply_address = models.EmailField(blank=True, help_text="Where a mail without an owner is answered.")
    colour = models.CharField(max_length=7, default="#3340b8", help_text="#rrggbb, for buttons in mails and pages.")
    legal_footer = models.TextField(blank=True)
    link_host = models.URLField(blank=True, help_text="Scheme and host of customers' links; empty: SITE_URL.")
    own_domains = models.JSONField(default=list, blank=True, help_text="Mail domains of our own staff.")
    words_stamp = models.CharField(
        max_length=32,
        blank=True,
        editable=False,
        help_text="Changes whenever other words of automatic mails come into force; empty: those that are shipped.",
    )
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_brand"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> dict[str, str]:
        """What every mail to a customer may say of it."""
        address = self.reply_address or self.sender_address
        return {"name": self.name, "colour": self.colour, "legal_footer": self.legal_footer, "address": address}


class Account(models.Model):
    """The company that buys."""

    external_id = models.CharField(max_length=200, unique=True, help_text="Their key in our CRM.")
    name = models.CharField(max_length=300)
    search_name = models.CharField(max_length=300, blank=True, editable=False)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    segment = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    business_units = models.JSONField(default=list, blank=True)
    annual_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")
    customer_since = models.DateField(null=True, blank=True)
    renewal_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="accounts"
    )
    is_partner = models.BooleanField(default=False, help_text="Answers on behalf of other accounts.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["owner"], name="account_by_owner")]

    def __str__(self) -> str:
        return self.name


def digits_of(field: str) -> models.Expression:
    """A phone number in `field` without the signs people group its digits with, as an expression of the database."""
    found = Replace(models.F(field), models.Value(" "), models.Value(""))
    for sign in "+-()./":
        found = Replace(found, models.Value(sign), models.Value(""))
    return found


class Contact(models.Model):
    """The person who answers."""

    class Channel(models.TextChoices):
        NONE = "", _("not known")
        MAIL = "mail", _("mail")
        PHONE = "phone", _("phone")

    account = models.ForeignKey(Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="contacts")
    name = models.CharField(max_length=300, blank=True)
    search_name = models.CharField(max_length=700, blank=True, editable=False)
    first_name = models.CharField(
        max_length=150, blank=True, help_text="How mails greet; empty: the name's first word."
    )
    role = models.CharField(max_length=120, blank=True)
    email = models.EmailField(max_length=320, blank=True, help_text="Where mail to this person goes.")
    phone = models.CharField(max_length=40, blank=True)
    # Kept by the database itself, so that no way to write a number can forget it.
    phone_digits = models.GeneratedField(
        expression=digits_of("phone"), output_field=models.CharField(max_length=40), db_persist=True
    )
    language = models.CharField(max_length=10, blank=True, help_text="Empty: not known, English is used.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: not known, the team's is used.")
    preferred_channel = models.CharField(max_length=10, choices=Channel, blank=True, default=Channel.NONE)
    good_time = models.CharField(max_length=120, blank=True, help_text="When a call is welcome, in words.")
    is_shared_mailbox = models.BooleanField(default=False)
    do_not_contact = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    away_until = models.DateField(null=True, blank=True, help_text="Said by an answering machine: back on this day.")
    erased_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["account"], name="contact_by_account"),
            models.Index(fields=["email"], name="contact_by_email"),
            models.Index(fields=["id"], condition=models.Q(erased_at__isnull=False), name="contacts_erased"),
        ]

    def __str__(self) -> str:
        if self.erased_at is not None:
            return gettext("erased person")
        return self.name or self.email or self.phone or gettext("customer %(number)s") % {"number": self.pk}

    @property
    def greeting_name(self) -> str:
        """The name a mail greets with; empty where only a mailbox or nothing is known."""
        if self.first_name:
            return self.first_name
        return "" if self.is_shared_mailbox and not self.name else self.name.split(" ")[0] if self.name else ""

    @property
    def short_name(self) -> str:
        """What colleagues call the person on the pages: never empty."""
        return self.greeting_name or self.email or self.phone or gettext("the customer")

    @property
    def can_be_reached(self) -> bool:
        return bool(self.email or self.phone) and not self.do_not_contact and self.erased_at is None


class ContactKey(models.Model):
    """What finds a contact again: a mail address or an external id, per source, normalised in Python."""

    class Kind(models.TextChoices):
        EMAIL = "email"
        EXTERNAL_ID = "external_id"

    kind = models.CharField(max_length=12, choices=Kind)
    namespace = models.CharField(
        max_length=60, blank=True, help_text="Slug of the source for external ids; empty for mail addresses."
    )
    value = models.CharField(max_length=400, help_text="Normalised; a shared mailbox carries the person's name too.")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="keys")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "namespace", "value"], name="one_contact_per_key"),
        ]
