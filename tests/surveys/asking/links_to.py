"""Addresses of survey pages as their mails and sites hold them."""

from __future__ import annotations

from nps_loop import links
from surveys.models import Invitation, Survey


def page_of(invitation: Invitation) -> str:
    return f"/survey/{links.make('survey', invitation.pk, invitation.generation, expires_at=None)}/"


def open_page_of(survey: Survey) -> str:
    return f"/survey-link/{links.make('survey-link', survey.pk, survey.link_generation)}/"
