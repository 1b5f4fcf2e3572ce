"""What we ask: the moment or journey measured, the question set, and where answers come from."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from surveys.models.customers import Brand


class Touchpoint(models.Model):
    """The moment or journey measured."""

    slug = models.SlugField(unique=True, max_length=100)
    name = models.CharField(max_length=200, help_text="For colleagues, e.g. 'Onboarding, day 30'.")
    customer_phrase = models.CharField(
        max_length=200,
        blank=True,
        help_text="For customers, completes 'We asked you about …', e.g. 'your first 30 days'.",
    )
    phrases = models.JSONField(
        default=dict, blank=True, help_text='The phrase in other languages, e.g. {"de": "Ihre ersten 30 Tage"}.'
    )
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def phrase_in(self, language: str) -> str:
        """How a mail in this language names it; the one phrase there is where nobody wrote it in that language."""
        return str(self.phrases.get(language) or self.customer_phrase)


class Survey(models.Model):
    """A question set of one kind."""

    class Kind(models.TextChoices):
        RELATIONAL = "relational", _("Relational")
        TRANSACTIONAL = "transactional", _("Transactional")
        EPISODIC = "episodic", _("Episodic")

    slug = models.SlugField(unique=True, max_length=100)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.RELATIONAL)
    touchpoint = models.ForeignKey(Touchpoint, null=True, blank=True, on_delete=models.PROTECT)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT)
    question = models.CharField(max_length=300, blank=True)
    wording = models.JSONField(
        default=dict,
        blank=True,
        help_text='Own words by language, e.g. {"de": {"question": "…", "why": "…", "thanks": "…"}}; missing: ours.',
    )
    drivers = models.JSONField(
        default=list,
        blank=True,
        help_text='Reasons to pick from, e.g. [{"code": "delivery", "label": {"en": "Delivery", "de": "Lieferung"}}].',
    )
    asks_contact = models.BooleanField(default=True, help_text="Asks whether somebody should get in touch.")
    asks_share_name = models.BooleanField(default=True, help_text="Asks whether colleagues may see the name.")

    link_generation = models.PositiveIntegerField(
        default=1, editable=False, help_text="Raised to make open links that are out invalid."
    )

    # How it is sent, where we send it ourselves.
    is_sent = models.BooleanField(default=False, help_text="We send it by mail; off: answers only come in.")
    every_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Relational: each customer again after so many days."
    )
    spread_days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(365)], help_text="A round is spread over these."
    )
    share = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(100)], help_text="Per cent who are asked."
    )
    wait_hours = models.PositiveSmallIntegerField(default=0, help_text="After an event, before the mail leaves.")
    rest_days = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(7), MaxValueValidator(365)],
        help_text="Nobody is asked again, by any survey, within so many days.",
    )
    account_most = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="At most so many people of one account within the same days. Empty: any."
    )
    remind_after_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=5, help_text="One reminder, after so many days. Empty: none."
    )
    answer_within_days = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(365)], help_text="Then the link has ended."
    )
    quiet_from = models.PositiveSmallIntegerField(
        default=19, validators=[MaxValueValidator(24)], help_text="Hour from which no mail leaves, on their clock."
    )
    quiet_until = models.PositiveSmallIntegerField(
        default=8, validators=[MaxValueValidator(24)], help_text="Hour until which no mail leaves, on their clock."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Source(models.Model):
    """Where answers come from, with the mapping that reads them."""

    class Channel(models.TextChoices):
        API = "api", _("API")
        FILE = "file", _("File")
        WEBHOOK = "webhook", _("Webhook")
        SURVEY = "survey", _("Our own survey")
        PERSON = "person", _("Entered by a person")

    class Preset(models.TextChoices):
        """How deliveries of a survey tool are signed and read; see `surveys.hooks.presets`."""

        PLAIN = "plain", _("Our own field names, the secret in the header X-Webhook-Secret")
        STANDARD = "standard", _("Our own field names, signed by Standard Webhooks")
        DELIGHTED = "delighted", _("Delighted")
        FORMBRICKS = "formbricks", _("Formbricks")
        SURVEYMONKEY = "surveymonkey", _("SurveyMonkey")
        TYPEFORM = "typeform", _("Typeform")
        WOOTRIC = "wootric", _("Wootric")

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=200)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.API)
    survey = models.ForeignKey(Survey, null=True, blank=True, on_delete=models.PROTECT)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="Zone of times that name none.")
    preset = models.CharField(
        max_length=20, choices=Preset, default=Preset.PLAIN, help_text="For webhooks: which tool sends."
    )
    mapping = models.JSONField(default=dict, blank=True, help_text="Our field -> their column or path.")
    secrets = models.JSONField(default=list, blank=True, help_text="Up to two live webhook secrets, for rotation.")
    frame_hosts = models.JSONField(
        default=list,
        blank=True,
        help_text='Sites that may show our survey page in a frame, e.g. ["https://halden.example"].',
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ReportableAttribute(models.Model):
    """What comes along with answers under this name may group and narrow every report. Five at most."""

    MOST = 5

    name = models.CharField(max_length=100, unique=True, help_text="As it comes in, e.g. 'plan'.")
    label = models.CharField(max_length=100, blank=True, help_text="As reports call it; empty: its name.")
    position = models.PositiveSmallIntegerField(
        unique=True, validators=[MinValueValidator(1), MaxValueValidator(MOST)], help_text="1 to 5, one of a kind."
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position__gte=1, position__lte=5), name="five_reportable_attributes_at_most"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.name
