"""The set-up pages: every table opens, used versions do not change, and no state is written there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from followups.models import Calendar, SlaPolicy, Team, Ticket
from nps_loop.people.models import ApiKey, User
from nps_loop.set_up import ReadOnlyAdmin
from surveys.models import Account, Contact, ContactKey, Source
from tests.factories import NOW, make_account, make_admin, make_contact, make_response, make_ticket, make_user

pytestmark = pytest.mark.django_db

OURS = sorted(
    (
        model
        for model in admin.site._registry
        if model._meta.app_label in ("people", "jobs", "mail", "webhooks", "surveys", "followups")
    ),
    key=lambda model: model._meta.label,
)
READ_ONLY = [model for model in OURS if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
CONFIGURED = {
    "people.User", "people.ApiKey", "followups.Team", "followups.Away", "followups.RootCause",
    "followups.LetterTemplate", "followups.BonusHours", "surveys.Brand",
    "surveys.Touchpoint", "surveys.Survey", "surveys.Source", "surveys.Account", "surveys.Contact", "mail.Suppression",
    "webhooks.Endpoint", "surveys.ReportableAttribute",
}  # fmt: skip


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def address(model: Any, page: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


def form_of(page: Any) -> dict[str, Any]:
    """The values a browser would send back from an admin form, without its inlines' empty rows."""
    form = page.context["adminform"].form
    data: dict[str, Any] = {}
    for bound in form:
        value = bound.value()
        if value is True:
            data[bound.html_name] = "on"
        elif value not in (None, False):
            data[bound.html_name] = value
    for inline in page.context["inline_admin_formsets"]:
        for bound in inline.formset.management_form:
            data[bound.html_name] = bound.value()
    return data


def test_everything_that_is_set_up_can_be_set_up_here() -> None:
    assert {model._meta.label for model in OURS} - {model._meta.label for model in READ_ONLY} == CONFIGURED


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_table_opens_is_searched_and_shows_its_rows(model: Any, office: Client) -> None:
    make_ticket()
    make_contact()
    answer = office.get(address(model, "changelist"))
    assert answer.status_code == 200
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert not re.search(
        r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\sstyle=", answer.content.decode()
    )
    if admin.site._registry[model].search_fields:
        assert office.get(address(model, "changelist"), {"q": "Ünknown"}).status_code == 200
    if model not in READ_ONLY:
        assert office.get(address(model, "add")).status_code == 200
    row = model._default_manager.order_by("pk").first()
    if row is not None:
        assert office.get(address(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model._meta.label)
def test_what_the_program_writes_is_only_looked_at(model: Any, office: Client) -> None:
    make_ticket()
    row = model._default_manager.order_by("pk").first()
    assert office.post(address(model, "add"), {}).status_code == 403
    if row is not None:
        before = model._default_manager.values().get(pk=row.pk)
        assert office.post(address(model, "change", row.pk), {"state": "closed"}).status_code == 403
        assert office.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert model._default_manager.values().get(pk=row.pk) == before


def test_the_set_up_is_for_staff(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/admin/").status_code == 302
    client.force_login(make_user("Staff Only", is_staff=True))
    assert client.get(address(Ticket, "changelist")).status_code == 403


@pytest.mark.parametrize("model", [User, ApiKey, Account, Contact, Source, Team])
def test_what_others_point_to_is_switched_off_and_never_deleted(model: Any, office: Client) -> None:
    make_response(contact=make_contact(account=make_account()))
    ApiKey.objects.issue("x", "read")
    row = model._default_manager.order_by("pk").first()
    assert office.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


def test_a_secret_is_shown_once(office: Client) -> None:
    answer = office.post(address(ApiKey, "add"), {"name": "CRM", "scope": "ingest", "user": "", "source": ""})
    secret = re.search(r"<code>(npsl_[\w-]+)</code>", answer.content.decode())
    assert secret and "no-store" in answer["Cache-Control"]
    key = ApiKey.objects.find(secret[1], now=NOW)
    assert key is not None and key.scope == "ingest"
    for page in (address(ApiKey, "changelist"), address(ApiKey, "change", key.pk)):
        assert secret[1] not in office.get(page).content.decode()
    office.post(address(ApiKey, "change", key.pk), {"name": "CRM 2", "scope": "write", "user": "", "source": "x"})
    key.refresh_from_db()
    assert (key.name, key.scope, key.source) == ("CRM 2", "ingest", "")
    office.post(address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [key.pk]})
    assert ApiKey.objects.find(secret[1], now=NOW) is None


@pytest.fixture
def shop() -> Source:
    return Source.objects.create(
        slug="shop", name="Shop", channel=Source.Channel.WEBHOOK, secrets=["the-first-secret-of-all"]
    )


def test_a_source_s_secrets_are_replaced_and_never_shown(office: Client, shop: Source) -> None:
    here = address(Source, "change", shop.pk)
    page = office.get(here)
    assert b"the-first-secret-of-all" not in page.content
    assert b"/hooks/shop/" in page.content
    kept = form_of(page)
    assert office.post(here, kept | {"name": "The shop"}).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.secrets) == ("The shop", ["the-first-secret-of-all"])
    both = "the-first-secret-of-all\nand-the-second-secret"
    assert office.post(here, kept | {"secrets": both}).status_code == 302
    shop.refresh_from_db()
    assert shop.secrets == both.split("\n")


@pytest.mark.parametrize(
    ("secrets", "said"),
    [("short", "fewer than 16"), ("\n".join(f"secret-number-{n}-of-all" for n in range(3)), "At most 2")],
)
def test_secrets_that_would_not_do_are_refused(office: Client, shop: Source, secrets: str, said: str) -> None:
    here = address(Source, "change", shop.pk)
    page = office.post(here, form_of(office.get(here)) | {"secrets": secrets})
    assert page.status_code == 200 and said in page.content.decode()
    shop.refresh_from_db()
    assert shop.secrets == ["the-first-secret-of-all"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ('{"score": "a..b"}', "cannot be read"),
        ('{"scores": "a"}', "is no field of an answer"),
        ('{"score": 7}', "A path is text"),
        ('{"score": ["a", ["b"]]}', "A path is text"),
        ('{"only_when": ["x"]}', "only_when is an object"),
        ('["score"]', "Write an object"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_refused_before_anything_comes(
    office: Client, shop: Source, mapping: str, said: str
) -> None:
    here = address(Source, "change", shop.pk)
    page = office.post(here, form_of(office.get(here)) | {"mapping": mapping})
    assert page.status_code == 200 and said in page.content.decode()


@pytest.mark.parametrize("model", [Calendar, SlaPolicy])
def test_a_used_version_is_not_changed(model: Any) -> None:
    row = model.objects.filter(is_active=True).order_by("pk").first()
    model.objects.filter(pk=row.pk).update(used_at=NOW)
    row.refresh_from_db()
    row.name = "Quite different"
    with pytest.raises(Exception, match="in use since 24 November 2026"):
        row.save()


def test_lists_are_written_line_by_line(office: Client) -> None:
    team, colleague = Team.objects.get(is_default=True), make_user()
    page = address(Team, "change", team.pk)
    row = {"members-0-user": colleague.pk, "members-0-role": "agent", "members-0-capacity": "5"} | {
        "members-0-rate_window_hours": "24"
    }
    lists = {"members-0-languages": " en \n\nen\nde", "members-0-skills": "", "members-0-is_active": "on"}
    data = form_of(office.get(page)) | row | lists | {"members-TOTAL_FORMS": "1"}
    assert office.post(page, data).status_code == 302
    assert team.members.get().languages == ["en", "de"]


def test_a_contact_s_new_address_finds_the_person(office: Client) -> None:
    contact = make_contact("Söre Ibsen", email="old@client.example")
    page = address(Contact, "change", contact.pk)
    answer = office.post(page, {**form_of(office.get(page)), "email": "New@Client.example", "name": "Søren Ibsen"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    contact.refresh_from_db()
    assert (contact.email, contact.search_name) == ("new@client.example", "soren ibsen new@client.example")
    assert ContactKey.objects.get(value="new@client.example").contact == contact


def test_a_person_is_made_and_switched_off(office: Client) -> None:
    page = address(User, "add")
    data = {
        "username": "new.one",
        "usable_password": "true",
        "password1": "long-enough-secret",
        "password2": "long-enough-secret",
    }
    assert office.post(page, data).status_code == 302
    user = User.objects.get(username="new.one")
    page = address(User, "change", user.pk)
    answer = office.post(page, {**form_of(office.get(page)), "is_active": "", "time_zone": "Europe/Berlin"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user.refresh_from_db()
    assert (user.is_active, user.time_zone) == (False, "Europe/Berlin")
