"""Answers of people who were erased: they count, and nothing says any more whose they were or what they wrote.

What leads to an erased person is known by fingerprints alone. One query for a batch, whatever its size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from nps_loop.mail.fingerprints import fingerprint
from surveys.identity import email_key, external_key, normalise_email
from surveys.incoming import IncomingResponse
from surveys.models import ContactKey, ErasedKey, Response, Source
from surveys.recording.categories import shared

Row = TypeVar("Row")

# How the number of an answer of an erased person begins; the rest is a fingerprint of the number it had.
ERASED = "erased:"


def key_digest(kind: str, namespace: str, value: str) -> str:
    """Fingerprint of a `ContactKey`."""
    return fingerprint("key", kind, namespace, value)


def answer_digest(source_slug: str, external_id: str) -> str:
    """Fingerprint of the number of an answer within its source."""
    return fingerprint("answer", source_slug, external_id)


def content_fingerprint(digest: str) -> str:
    """What is kept in place of the digest of an erased answer's content: it still tells a repeat from a new version."""
    return fingerprint("content", digest)


def without_the_erased(
    source: Source, named: Sequence[tuple[str, IncomingResponse, str, Row]]
) -> list[tuple[str, IncomingResponse, str, Row]]:
    """The batch (id, answer, digest, outcome), with what erased people said reduced to what is counted."""
    digests = [[answer_digest(source.slug, name), *_digests(source, incoming)] for name, incoming, _, _ in named]
    wanted = {digest for each in digests for digest in each}
    known = set(ErasedKey.objects.filter(digest__in=wanted).values_list("digest", flat=True))
    if not known:
        return list(named)
    erased = [not known.isdisjoint(each) for each in digests]
    by_key_alone = [
        name
        for (name, *_), each, is_erased in zip(named, digests, erased, strict=True)
        if is_erased and each[0] not in known
    ]
    if by_key_alone:
        _forget_held(source, by_key_alone)
    theirs = [
        incoming.attributes if is_erased else {} for (_, incoming, *_), is_erased in zip(named, erased, strict=True)
    ]
    return [
        (f"{ERASED}{each[0]}", reduced(incoming, kept), content_fingerprint(digest), outcome)
        if is_erased
        else (name, incoming, digest, outcome)
        for (name, incoming, digest, outcome), each, is_erased, kept in zip(
            named, digests, erased, shared(theirs), strict=True
        )
    ]


def reduced(incoming: IncomingResponse, attributes: dict[str, str]) -> IncomingResponse:
    """What of an answer is counted: nothing that says who gave it, none of their words, and of `attributes` as many."""
    return replace(
        incoming, comment="", email="", contact_external_id="", name="", phone="", attributes=attributes,
        external_id="", row_key="",
        account_name=incoming.account_name if incoming.account_name != incoming.name else "",
    )  # fmt: skip


def _digests(source: Source, incoming: IncomingResponse) -> list[str]:
    found = []
    if incoming.contact_external_id:
        own = external_key(incoming.contact_external_id)
        found.append(key_digest(ContactKey.Kind.EXTERNAL_ID, source.slug, own))
    if incoming.email and (email := normalise_email(incoming.email)):
        found.append(key_digest(ContactKey.Kind.EMAIL, "", email_key(email, incoming.name)))
    return found


def _forget_held(source: Source, names: Sequence[str]) -> None:
    """An answer we hold says only now that it is an erased person's: it goes on under its fingerprint, wordless."""
    held = Response.objects.filter(source=source, external_id__in=names).select_for_update().order_by("pk")
    for response in held:
        forget_words([response])


def forget_words(responses: Sequence[Response]) -> None:
    """Take number, words and attributes from these answers and every version of them. Scores and times stay.

    So do attributes that group reports, where many people share their value.
    """
    for response in responses:
        if response.external_id.startswith(ERASED):
            continue
        digest = answer_digest(response.source.slug, response.external_id)
        revisions = list(response.revisions.all())
        kept, *of_revisions = shared([response.attributes, *(revision.attributes for revision in revisions)])
        for revision, attributes in zip(revisions, of_revisions, strict=True):
            revision.content_digest = content_fingerprint(revision.content_digest)
            revision.verbatim, revision.attributes = "", attributes
            revision.save(update_fields=["verbatim", "attributes", "content_digest"])
        Response.objects.filter(pk=response.pk).update(
            external_id=f"{ERASED}{digest}", verbatim="", search_text="", attributes=kept, excluded_reason="",
            decide_error="", content_digest=content_fingerprint(response.content_digest),
        )  # fmt: skip
