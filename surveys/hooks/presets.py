"""What survey tools send: how they sign, which of their deliveries is an answer, and where its parts lie.

Facts from the vendors' own documentation. A source's mapping overrides each path, and adds the score's where a vendor
lets people build their own form: which question is the recommendation nobody can tell from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from surveys.hooks.signing import SECRET_ITSELF, Scheme
from surveys.models import Source


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of sender. `fields`: our field -> paths, of which the first that holds something counts.

    `only_when`: path -> values, one of which must stand there for a delivery to be an answer. `fetched` says that
    deliveries only name an answer, and where to get it.
    """

    scheme: Scheme
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fetched: str = ""


_OWN_NAMES = (
    "external_id", "score", "comment", "responded_at", "updated_at", "email", "contact_id", "name", "phone", "language",
    "time_zone", "account", "account_name", "touchpoint", "driver", "contact_me", "share_name", "answered_for",
    "product", "attributes", "test",
)  # fmt: skip

STANDARD_WEBHOOKS = Scheme(
    "webhook-signature",
    encoding="base64",
    prefix="v1,",
    id_header="webhook-id",
    timestamp_header="webhook-timestamp",
)

PRESETS: dict[str, Preset] = {
    Source.Preset.PLAIN: Preset(SECRET_ITSELF, {name: (name,) for name in _OWN_NAMES}),
    Source.Preset.STANDARD: Preset(STANDARD_WEBHOOKS, {name: (name, f"data.{name}") for name in _OWN_NAMES}),
    Source.Preset.DELIGHTED: Preset(
        Scheme("X-Delighted-Webhook-Signature", prefix="sha256="),
        {
            "external_id": ("event_data.id",),
            "score": ("event_data.score",),
            "comment": ("event_data.comment",),
            "responded_at": ("event_data.created_at",),
            "updated_at": ("event_data.updated_at",),
            "email": ("event_data.person.email",),
            "contact_id": ("event_data.person.id",),
            "name": ("event_data.person.name",),
            "phone": ("event_data.person.phone_number",),
            "attributes": ("event_data.person_properties",),
        },
        {
            "event_type": ("survey_response.created", "survey_response.updated"),
            # Satisfaction and effort come in the same shape, on other scales.
            "event_data.survey_type": ("nps",),
        },
    ),
    Source.Preset.FORMBRICKS: Preset(
        STANDARD_WEBHOOKS,
        {
            "external_id": ("data.id",),
            "responded_at": ("data.createdAt",),
            "updated_at": ("data.updatedAt",),
            "email": ("data.contactAttributes.email", "data.contact.email"),
            "contact_id": ("data.contactAttributes.userId", "data.contact.id"),
            "language": ("data.language",),
        },
        {"event": ("responseCreated", "responseUpdated", "responseFinished")},
    ),
    Source.Preset.TYPEFORM: Preset(
        Scheme("Typeform-Signature", encoding="base64", prefix="sha256="),
        {
            "external_id": ("form_response.token",),
            "responded_at": ("form_response.submitted_at",),
            "email": ("form_response.answers[?type==email].email", "form_response.hidden.email"),
            "contact_id": ("form_response.hidden.user_id",),
            "attributes": ("form_response.hidden",),
        },
        {"event_type": ("form_response",)},
    ),
    Source.Preset.WOOTRIC: Preset(
        Scheme("X-Wootric-Signature", algorithm="sha1", prefix="sha1="),
        {
            "external_id": ("response.id",),
            "score": ("response.score",),
            "comment": ("response.text",),
            "responded_at": ("response.created_at",),
            "updated_at": ("response.updated_at",),
            "email": ("response.email",),
            "contact_id": ("response.external_id", "response.end_user_id"),
            "attributes": ("response.end_user_properties",),
            "test": ("response.excluded_from_calculations",),
        },
        {"event_name": ("created", "updated"), "survey_mode": ("NPS",)},
    ),
    Source.Preset.SURVEYMONKEY: Preset(
        # The key is "client_id&client_secret".
        Scheme("Sm-Signature", algorithm="sha1", encoding="base64"),
        fetched="It names an answer and does not hold it: fetch it from SurveyMonkey and post or import it.",
    ),
}
