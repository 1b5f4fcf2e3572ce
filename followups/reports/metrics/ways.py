"""The ways to group and narrow a cohort: by team, person, touchpoint, product, region and what else an answer knows.

A way reads a few columns of an answer (or, through `response__`, of its ticket) and says which groups a row with these
values belongs to: usually one, for business units and teams sometimes several. The empty group is those without any.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from followups.models import Team
from followups.models.standing import PREFIX
from nps_loop.people.models import User
from surveys.models import Account, Brand, ReportableAttribute, Survey, Touchpoint

# Asks for the rows that are in no group.
WITHOUT = "-"
LONGEST_ATTRIBUTE = 300
ATTRIBUTE = "attribute:"


class Way:
    """One way to group. `name` is its filter in addresses, `label` its heading."""

    name: str
    label: Any

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        """What to read of a row of answers, or of tickets, by the name to read it under."""
        raise NotImplementedError

    def columns_then(self) -> dict[str, Combinable]:
        """The same of tickets as of a past moment. What the answer knows is as it is known now."""
        return self.columns(tickets=True)

    def groups(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """The groups of a row that holds `columns`."""
        (name,) = self.columns(tickets=False)
        value = row[name]
        return ("" if value is None else str(value),)

    def narrow(self, value: str, *, tickets: bool) -> Q:
        """The rows of one group, for a queryset of answers or tickets; `WITHOUT` asks for those in none."""
        raise NotImplementedError

    def names(self, groups: Collection[str]) -> dict[str, str]:
        """What each of these groups is called, the empty one left out. At most one query."""
        return {group: group for group in groups if group}


def _prefix(tickets: bool) -> str:
    return "response__" if tickets else ""


@dataclass(frozen=True)
class Column(Way):
    """One column of the answer; `find` names the groups where their own value is no name."""

    name: str
    label: Any
    path: str
    find: Callable[[Collection[str]], dict[str, str]] | None = field(default=None, compare=False)
    number: bool = False
    of_tickets: str = ""

    def _path(self, tickets: bool) -> str:
        return self.of_tickets if tickets and self.of_tickets else _prefix(tickets) + self.path

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        return {f"by_{self.name}": F(self._path(tickets))}

    def columns_then(self) -> dict[str, Combinable]:
        return {f"by_{self.name}": F(f"{PREFIX}{self.of_tickets}")} if self.of_tickets else self.columns(tickets=True)

    def narrow(self, value: str, *, tickets: bool) -> Q:
        path = self._path(tickets)
        if value == WITHOUT:
            nothing = Q(**{f"{path}__isnull": True})
            return nothing if self.number else nothing | Q(**{path: ""})
        if not self.number:
            return Q(**{path: value})
        return Q(**{path: int(value)}) if value.isascii() and value.isdigit() and len(value) < 19 else Q(pk__in=[])

    def names(self, groups: Collection[str]) -> dict[str, str]:
        known = [group for group in groups if group]
        return self.find(known) if self.find else super().names(known)


def _touchpoints(slugs: Collection[str]) -> dict[str, str]:
    return dict(Touchpoint.objects.filter(slug__in=slugs).values_list("slug", "name"))


def _kinds(kinds: Collection[str]) -> dict[str, str]:
    return {kind: str(label) for kind, label in Survey.Kind.choices if kind in kinds}


def _accounts(keys: Collection[str]) -> dict[str, str]:
    return {str(key): name for key, name in Account.objects.filter(pk__in=keys).values_list("pk", "name")}


def _people(keys: Collection[str]) -> dict[str, str]:
    return {str(user.pk): user.name for user in User.objects.filter(pk__in=keys)}


def _brands(slugs: Collection[str]) -> dict[str, str]:
    return dict(Brand.objects.filter(slug__in=slugs).values_list("slug", "name"))


class ByBrand(Way):
    """The touchpoint's brand, else the source's, else the default: as mails to the customer are sent."""

    name = "brand"
    label = _("Brand")

    @staticmethod
    def _slug(tickets: bool) -> Combinable:
        of = _prefix(tickets)
        default = Brand.objects.filter(is_default=True).values("slug")[:1]
        return Coalesce(F(f"{of}touchpoint__brand__slug"), F(f"{of}source__brand__slug"), Subquery(default), Value(""))

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        return {"by_brand": self._slug(tickets)}

    def narrow(self, value: str, *, tickets: bool) -> Q:
        of = _prefix(tickets)
        of_touchpoint, of_source = f"{of}touchpoint__brand__slug", f"{of}source__brand__slug"
        none_of_touchpoint = Q(**{f"{of}touchpoint__brand__isnull": True})
        none_at_all = none_of_touchpoint & Q(**{f"{of}source__brand__isnull": True})
        default = Brand.objects.filter(is_default=True).values_list("slug", flat=True).first() or ""
        if value == WITHOUT:
            return none_at_all if not default else Q(pk__in=[])
        found = Q(**{of_touchpoint: value}) | none_of_touchpoint & Q(**{of_source: value})
        return found | none_at_all if value == default else found

    def names(self, groups: Collection[str]) -> dict[str, str]:
        return _brands(groups)


class ByBusinessUnit(Way):
    """The units of the account as they are now; an account may be in several, and then counts in each of them."""

    name = "business_unit"
    label = _("Business unit")

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        return {"by_business_unit": Cast(F(f"{_prefix(tickets)}account__business_units"), TextField())}

    def groups(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return _units(row["by_business_unit"]) or ("",)

    def narrow(self, value: str, *, tickets: bool) -> Q:
        # Neither database can ask the other's way whether a list holds a value, but lists are few: they name teams.
        lists = Account.objects.order_by().values_list(Cast("business_units", TextField()), flat=True).distinct()
        path = f"{_prefix(tickets)}account__in"
        if value == WITHOUT:
            some = [text for text in lists if _units(text)]
            in_some = Account.objects.annotate(units=Cast("business_units", TextField())).filter(units__in=some)
            return ~Q(**{path: in_some.values("pk")}) | Q(**{f"{_prefix(tickets)}account__isnull": True})
        holding = [text for text in lists if value in _units(text)]
        found = Account.objects.annotate(units=Cast("business_units", TextField())).filter(units__in=holding)
        return Q(**{path: found.values("pk")})


def _units(text: str | None) -> tuple[str, ...]:
    found = json.loads(text) if text else []
    return tuple(dict.fromkeys(str(unit) for unit in found if unit)) if isinstance(found, list) else ()


@dataclass(frozen=True)
class ByAttribute(Way):
    """What came along with the answer under a name that was declared reportable."""

    attribute: str
    label: Any

    @property
    def name(self) -> str:  # type: ignore[override]
        return ATTRIBUTE + self.attribute

    def _text(self, tickets: bool) -> Combinable:
        text = KeyTextTransform(self.attribute, F(f"{_prefix(tickets)}attributes"))
        return Coalesce(Cast(text, CharField()), Value(""), output_field=CharField())

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        return {"by_attribute": self._text(tickets)}

    def narrow(self, value: str, *, tickets: bool) -> Q:
        return Q(Exact(self._text(tickets), Value("" if value == WITHOUT else value, output_field=CharField())))


class ByTeam(Way):
    """The team of a ticket; for answers the teams they belong to by `answered_to`, whatever the score."""

    name = "team"
    label = _("Team")

    @cached_property
    def _taken(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for touchpoint, slug in Touchpoint.objects.filter(teams__isnull=False).values_list("pk", "teams__slug"):
            found.setdefault(touchpoint, []).append(slug)
        return found

    @cached_property
    def _teams(self) -> dict[int, tuple[str, str, bool]]:
        return {pk: (slug, name, default) for pk, slug, name, default in _team_rows()}

    def columns(self, *, tickets: bool) -> dict[str, Combinable]:
        if tickets:
            return {"by_team": F("team__slug")}
        return {"by_team_then": F("team_id_then"), "by_touchpoint_of_team": F("touchpoint_id")}

    def columns_then(self) -> dict[str, Combinable]:
        slug = Team.objects.filter(pk=OuterRef("then_team_id")).values("slug")[:1]
        return {"by_team": Subquery(slug)}

    def groups(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        if "by_team" in row:
            return (row["by_team"] or "",)
        then, touchpoint = row["by_team_then"], row["by_touchpoint_of_team"]
        if then is not None:
            return (self._teams[then][0],) if then in self._teams else ("",)
        if touchpoint in self._taken:
            return tuple(self._taken[touchpoint])
        return tuple(slug for slug, _name, default in self._teams.values() if default) or ("",)

    def narrow(self, value: str, *, tickets: bool) -> Q:
        from followups.reports.metrics.filters import answered_to, answered_to_nobody

        if tickets:
            return Q(team__isnull=True) if value == WITHOUT else Q(team__slug=value)
        if value == WITHOUT:
            return answered_to_nobody()
        return answered_to(Team.objects.filter(slug=value).values("pk"))

    def names(self, groups: Collection[str]) -> dict[str, str]:
        return {slug: name for slug, name, _default in self._teams.values() if slug in groups}


def _team_rows() -> Any:
    return Team.objects.order_by("name").values_list("pk", "slug", "name", "is_default")


ByPerson = Column("person", _("Person"), "account_owner_id", _people, number=True, of_tickets="owner_id")
_COLUMNS = (
    Column("touchpoint", _("Touchpoint"), "touchpoint__slug", _touchpoints),
    Column("survey_kind", _("Survey"), "survey_kind", _kinds),
    Column("product", _("Product"), "product"),
    Column("segment", _("Segment"), "segment"),
    Column("region", _("Region"), "region"),
    Column("account", _("Account"), "account_id", _accounts, number=True),
    Column("account_owner", _("Account owner"), "account_owner_id", _people, number=True),
    Column("language", _("Language"), "language"),
)

# Ways that need no declaration, in the order in which they are offered.
NAMES = (
    "team", "person", "touchpoint", "survey_kind", "product", "segment", "region", "account", "business_unit",
    "account_owner", "language", "brand",
)  # fmt: skip


def way_of(name: str) -> Way:
    """The way of this name; `attribute:<name>` is what came along under a name. Raises KeyError for what is none."""
    if name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE):
        attribute = name.removeprefix(ATTRIBUTE)
        return ByAttribute(attribute, attribute)
    if name == "team":
        return ByTeam()
    if name == "brand":
        return ByBrand()
    if name == "business_unit":
        return ByBusinessUnit()
    return {way.name: way for way in (ByPerson, *_COLUMNS)}[name]


def attribute_of(text: str) -> tuple[str, str]:
    """Name and value of `name:value`, as addresses narrow by an attribute. Raises ValueError for what is none."""
    name, colon, value = text.partition(":")
    if not (name and colon and value) or len(text) > LONGEST_ATTRIBUTE or "\0" in text:
        raise ValueError("Write an attribute as name:value.")
    return name, value


def reportable() -> list[Way]:
    """Every way to group, with the attributes that were declared reportable. One query."""
    declared = ReportableAttribute.objects.values_list("name", "label")
    return [*(way_of(name) for name in NAMES), *(ByAttribute(name, label or name) for name, label in declared)]
