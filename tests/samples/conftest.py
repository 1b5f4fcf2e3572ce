"""The sample set, loaded once in a run for the modules of tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from nps_loop.people.models import User
from nps_loop.samples.loading import SEED, Plan, load, plan
from nps_loop.samples.truth import Truth
from tests.factories import NOW
from tests.kept_rows import as_it_was, folder_of_the_run, made_once


@dataclass(frozen=True)
class Loaded:
    """What was planned, and what the set must therefore hold at NOW."""

    plan: Plan
    truth: Truth


@pytest.fixture(scope="module")
def loaded(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The whole set as of NOW, loaded once in a run. It is committed, so whoever asks must not write; gone at the end."""
    with django_db_blocker.unblock(), as_it_was(tmp_path_factory.mktemp("before")):
        truth = made_once(folder_of_the_run(tmp_path_factory) / "samples", _load)
        yield Loaded(plan(SEED, now=NOW), truth)


def _load() -> Truth:
    with override_settings(MAIL_SERVER=False):
        return load(now=NOW)


@pytest.fixture
def at_now() -> Iterator[None]:
    """The clock stands at the moment the set was loaded for."""
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(login: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=login))
    return client
