"""A survey's open link: for whoever has it. Raising the survey's generation takes every link back that is out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import F

from nps_loop import links
from surveys.models import Source, Survey

PURPOSE = "survey-link"


def targets(survey_ids: Iterable[int]) -> Mapping[int, links.Target]:
    """What open links lead to. One query."""
    rows = Survey.objects.filter(pk__in=list(survey_ids)).values_list(
        "pk", "link_generation", "brand__link_host", "touchpoint__brand__link_host"
    )
    return {pk: links.Target(generation, own or of_moment or "") for pk, generation, own, of_moment in rows}


def survey_of(token: str, *, now: datetime) -> Survey | None:
    """The survey an open link leads to; None where it is not ours or was taken back."""
    claim = links.read(token, PURPOSE, now=now)
    if claim is None:
        return None
    found = Survey.objects.select_related("brand", "touchpoint__brand")
    return found.filter(pk=claim.object_id, link_generation=claim.generation).first()


def address_of(survey: Survey, *, now: datetime) -> str:
    """The whole address of the open link, without end."""
    return links.url(PURPOSE, survey.pk, targets([survey.pk])[survey.pk], now=now)


def take_back(survey: Survey) -> None:
    """Every open link of this survey that is out ends; the page shows a new one."""
    Survey.objects.filter(pk=survey.pk).update(link_generation=F("link_generation") + 1)


def origin_of(typed: str) -> str:
    """A site as a policy names it, "https://halden.example", with its port if it has one; "" for what is no site."""
    try:
        parts = urlsplit(typed.strip().lower())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    is_plain = host and all(char.isalnum() or char in "-." for char in host) and host.isascii()
    if parts.scheme not in ("http", "https") or not is_plain or parts.path.strip("/") or parts.query or "@" in typed:
        return ""
    return f"{parts.scheme}://{host}{port}"


def hosts_of(source: Source | None) -> Sequence[str]:
    """The sites that may frame the page."""
    listed = source.frame_hosts if source and isinstance(source.frame_hosts, list) else []
    return [origin for each in listed if isinstance(each, str) and (origin := origin_of(each))]
