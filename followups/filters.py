"""What the list of tickets can be narrowed by, on the page and in the API alike.

The names of a cohort (`day_from`, `day_to`, `team`, `touchpoint`, `segment`, `account_owner`, `band`, `survey_kind`)
are those of the reports, and `figure` is one of theirs: a figure on a report opens the very tickets that it counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from followups import ticket_search
from followups.given import GivenIn, bounds
from followups.models import Away, Deadline, Decision, Escalation, Member, Review, RootCause, Team, Ticket
from followups.models.tickets import AT_WORK, LIVE, ClosedAs, DismissReason, TicketState
from followups.reports.metrics.figures import figure_of, is_figure
from followups.reports.metrics.signals import Behind
from followups.reports.metrics.standing import standing_of
from followups.reports.metrics.then import as_of, column, is_then
from followups.reports.metrics.then import visible_to as visible_then
from followups.reports.metrics.ways import ATTRIBUTE, LONGEST_ATTRIBUTE, WITHOUT, attribute_of, way_of
from nps_loop.api.filters import IdFilter, MomentFilter, SlugsFilter, WholeNumberFilter, YesNoFilter
from nps_loop.people.models import User
from surveys.models import Survey, Touchpoint
from surveys.scoring import Band

# What reports call the tickets that belong to no team, or whose answer to no touchpoint.
OR_WITHOUT: dict[str, Any] = {"null_value": WITHOUT, "null_label": WITHOUT}


def known_figure(name: str) -> None:
    """Raises ValidationError for a name that is no figure of a report."""
    if not is_figure(name):
        raise ValidationError("No report has a figure of this name.", code="invalid")


def has_been(moment: datetime) -> None:
    """Raises ValidationError for a moment that is still to come."""
    if moment > timezone.now():
        # Not "invalid": the field would put its own words in place of these.
        raise ValidationError(_("This moment is still to come."), code="to_come")


def known_giving(text: str) -> None:
    """Raises ValidationError for what names no person, rule and days."""
    try:
        bounds(GivenIn.parse(text).first, GivenIn.parse(text).last)
    except ValueError as error:
        raise ValidationError("Write it as user.rule.first-day.last-day.", code="invalid") from error


def known_attribute(text: str) -> None:
    """Raises ValidationError for what is no name and value."""
    try:
        attribute_of(text)
    except ValueError as error:
        raise ValidationError(str(error), code="invalid") from error


def known_number(text: str) -> None:
    """Raises ValidationError for what names no signal, person and part."""
    try:
        Behind.parse(text)
    except ValueError as error:
        raise ValidationError("Write it as signal.user.counted or signal.user.all.", code="invalid") from error


def _asked(data: QueryDict | None) -> QueryDict | None:
    """What was asked, without the fields of a form that were left empty."""
    if data is None:
        return None
    asked = data.copy()
    for name, values in data.lists():
        given = [value for value in values if value != ""]
        if given:
            asked.setlist(name, given)
        else:
            del asked[name]
    return asked


class AskedFilter(django_filters.FilterSet):
    """Reads a query string of the page or the API at a moment, `now`."""

    def __init__(self, data: QueryDict | None = None, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(_asked(data), *args, **kwargs)
        self.now = now or timezone.now()

    @property
    def user(self) -> User:
        user: User = self.request.user
        return user

    def of_person(self, column: str, value: str, *, is_key: bool = False) -> Q:
        """Rows in whose `column` this person stands: an id, a user name, or `me`.

        With `is_key` the column is a bare key and no relation.
        """
        key = column if is_key else f"{column}_id"
        if value == "me":
            return Q(**{key: self.user.pk}) if self.user.pk else Q(pk__in=[])
        if value.isascii() and value.isdigit() and len(value) <= 18:
            return Q(**{key: int(value)})
        if is_key:
            return Q(**{f"{key}__in": User.objects.filter(username=value).values("pk")})
        return Q(**{f"{column}__username": value})


class TicketFilter(AskedFilter):
    """`TicketFilter(data, queryset=Ticket.objects.visible_to(user), request=request, now=now)`; then `.qs`."""

    q = django_filters.CharFilter(
        method="by_words",
        max_length=ticket_search.LONGEST_SEARCH,
        label="Words, name, company, phone or number; all of them must occur",
    )
    state = django_filters.MultipleChoiceFilter(method="by_choices", choices=TicketState.choices, distinct=False)
    live = YesNoFilter(method="by_live", label="Somebody still has work to do")
    band = django_filters.MultipleChoiceFilter(choices=Band.choices, distinct=False)
    score_min = WholeNumberFilter(field_name="score", lookup_expr="gte", min_value=0, max_value=10)
    score_max = WholeNumberFilter(field_name="score", lookup_expr="lte", min_value=0, max_value=10)
    owner = django_filters.CharFilter(method="by_owner", label="User name or id; `me`; `none`", max_length=150)
    team = SlugsFilter(
        method="by_team",
        field_name="team__slug",
        queryset=Team.objects.all(),
        label="Slug of the team; `-` for none",
        **OR_WITHOUT,
    )
    account = IdFilter(field_name="account_id", label="Id of the account")
    account_external_id = django_filters.CharFilter(field_name="account__external_id", max_length=200)
    contact = IdFilter(field_name="contact_id", label="Id of the contact")
    conversation = IdFilter(field_name="conversation_id")
    touchpoint = SlugsFilter(
        field_name="response__touchpoint__slug",
        queryset=Touchpoint.objects.all(),
        label="Slug of the touchpoint; `-` for none",
        **OR_WITHOUT,
    )
    driver = django_filters.CharFilter(
        field_name="response__driver", max_length=200, label="The reason the customer picked"
    )
    root_cause = django_filters.ModelChoiceFilter(
        queryset=RootCause.objects.all(),
        to_field_name="slug",
        method="by_root_cause",
        label="Slug; a cause of the upper level includes those below it",
    )
    late = YesNoFilter(method="by_late", label="Its due time is over")
    unassigned = YesNoFilter(method="by_unassigned", label="Live and nobody's")
    owned = YesNoFilter(method="by_owned", label="Somebody has or had it")
    snoozed = YesNoFilter(method="by_snoozed", label="Out of sight until later")
    reopened = YesNoFilter(method="by_reopened", label="Reopened at least once")
    together = YesNoFilter(method="by_together", label="Resolved as one of many at once")
    on_hold = YesNoFilter()
    customer_waits = YesNoFilter(label="The customer awaits our answer")
    contact_me = YesNoFilter(label="The customer asked to be contacted, or asked not to be")
    nobody_to_reach = YesNoFilter()
    closed_as = django_filters.MultipleChoiceFilter(
        method="by_choices", choices=[pair for pair in ClosedAs.choices if pair[0]], distinct=False
    )
    dismissed_as = django_filters.MultipleChoiceFilter(
        method="by_choices", choices=[pair for pair in DismissReason.choices if pair[0]], distinct=False
    )
    day_from = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="First day of the answers")
    day_to = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="Last day of the answers")
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt")
    changed_since = MomentFilter(field_name="changed_at", lookup_expr="gte")
    segment = django_filters.CharFilter(method="by_way", max_length=80, label="Of the time of the answer; `-` for none")
    account_owner = IdFilter(field_name="response__account_owner_id", label="Id of who owned the account then")
    survey_kind = django_filters.ChoiceFilter(method="by_way", choices=[*Survey.Kind.choices, (WITHOUT, WITHOUT)])
    product = django_filters.CharFilter(method="by_way", max_length=200, label="Product, as on the answer")
    region = django_filters.CharFilter(method="by_way", max_length=80, label="Region of the account, as it was")
    business_unit = django_filters.CharFilter(method="by_way", max_length=200, label="A unit of the account")
    language = django_filters.CharFilter(method="by_way", max_length=10, label="Language of the answer")
    brand = django_filters.CharFilter(method="by_way", max_length=50, label="Slug of the brand")
    attribute = django_filters.CharFilter(
        method="by_attribute", validators=[known_attribute], max_length=LONGEST_ATTRIBUTE, label="As name:value"
    )
    rule = django_filters.CharFilter(
        field_name="rule__slug", max_length=60, label="Slug of the rule that opened it, in any version"
    )
    hold_rule = django_filters.CharFilter(
        method="by_hold_rule", max_length=60, label="Slug of the rule that put it on hold, in any version"
    )
    as_of = MomentFilter(
        method="by_as_of",
        validators=[has_been],
        label="Figure, state, ending, owner and team as they stood at this moment",
    )
    figure = django_filters.CharFilter(
        method="by_figure", validators=[known_figure], max_length=1000, label="A figure of the closure report"
    )

    given = django_filters.CharFilter(
        method="by_given", validators=[known_giving], max_length=80, label="Given to somebody by a rule in a period"
    )
    signal = django_filters.CharFilter(
        method="by_signal", validators=[known_number], max_length=80, label="A number of the report on signals"
    )

    class Meta:
        model = Ticket
        fields: list[str] = []

    def by_words(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return ticket_search.found(tickets, self.search_for(value), self.user)

    def search_for(self, text: str) -> ticket_search.Search:
        """What was typed, looked up once for all that a request does with it."""
        return self.look_up([text])[text]

    def look_up(self, texts: Iterable[str]) -> dict[str, ticket_search.Search]:
        """Several at once: one query for those this request has not looked up yet."""
        known: dict[str, ticket_search.Search] = self.request.__dict__.setdefault("_searches", {})
        new = {text for text in texts if text and text not in known}
        if new:
            known |= ticket_search.look_up(new)
        return known

    def by_live(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        live = Q(**{f"{column(tickets, 'state')}__in": LIVE})
        return tickets.filter(live) if value else tickets.exclude(live)

    def by_choices(self, tickets: QuerySet[Ticket], name: str, value: list[str]) -> QuerySet[Ticket]:
        return tickets.filter(**{f"{column(tickets, name)}__in": value}) if value else tickets

    def by_team(self, tickets: QuerySet[Ticket], name: str, value: list[Team | str]) -> QuerySet[Ticket]:
        if not value:
            return tickets
        of = column(tickets, "team_id")
        found = Q(**{f"{of}__in": [team.pk for team in value if isinstance(team, Team)]})
        return tickets.filter(found | Q(**{f"{of}__isnull": True}) if WITHOUT in value else found)

    def by_owned(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        return tickets.filter(**{f"{column(tickets, 'owner_id')}__isnull": not value})

    def by_owner(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        if value == "none":
            return tickets.filter(**{column(tickets, "owner_id"): None})
        if is_then(tickets):
            return tickets.filter(self.of_person("then_owner_id", value, is_key=True))
        return tickets.filter(self.of_person("owner", value))

    def by_as_of(self, tickets: QuerySet[Ticket], name: str, value: datetime) -> QuerySet[Ticket]:
        """Nothing more: `filter_queryset` has done it before all others."""
        return tickets

    def filter_queryset(self, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """With `as_of`, of the tickets seen today those that were theirs then too, as a report counted them."""
        if moment := self.form.cleaned_data.get("as_of"):
            self.now = moment
            tickets: Any = queryset
            queryset = visible_then(as_of(tickets, moment), self.user, moment)
        found: QuerySet[Ticket] = super().filter_queryset(queryset)
        return found

    def by_root_cause(self, tickets: QuerySet[Ticket], name: str, value: RootCause) -> QuerySet[Ticket]:
        found = standing_of(tickets, self.now)
        return tickets.filter(Exists(found.filter(Q(root_cause=value) | Q(root_cause__parent=value))))

    def by_late(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        late = figure_of(Ticket.objects.all() if not is_then(tickets) else tickets, "late", now=self.now).order_by()
        return tickets.filter(pk__in=late.values("pk")) if value else tickets.exclude(pk__in=late.values("pk"))

    def by_unassigned(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        nobodys = Q(**{f"{column(tickets, 'state')}__in": LIVE, column(tickets, "owner_id"): None})
        return tickets.filter(nobodys) if value else tickets.exclude(nobodys)

    def by_snoozed(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        asleep = Q(state__in=LIVE, snoozed_until__isnull=False, snoozed_until__gt=self.now)
        return tickets.filter(asleep) if value else tickets.exclude(asleep)

    def by_together(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        together = Ticket.objects.resolved_together().values("pk")
        return tickets.filter(pk__in=together) if value else tickets.exclude(pk__in=together)

    def by_reopened(self, tickets: QuerySet[Ticket], name: str, value: bool) -> QuerySet[Ticket]:
        return tickets.filter(cycle__gt=0) if value else tickets.filter(cycle=0)

    def by_hold_rule(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(Exists(Decision.objects.filter(ticket=OuterRef("pk"), hold_rule__slug=value)))

    def by_given(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(Exists(GivenIn.parse(value).events.filter(ticket=OuterRef("pk"))))

    def by_way(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(way_of(name).narrow(value, tickets=True))

    def by_attribute(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        for text in self.data.getlist(name):
            with suppress(ValueError):
                attribute, wanted = attribute_of(text)
                tickets = tickets.filter(way_of(f"{ATTRIBUTE}{attribute}").narrow(wanted, tickets=True))
        return tickets

    def by_signal(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return tickets.filter(pk__in=Behind.parse(value).tickets(self.now).values("pk"))

    def by_figure(self, tickets: QuerySet[Ticket], name: str, value: str) -> QuerySet[Ticket]:
        return figure_of(tickets, value, now=self.now)


class EscalationFilter(AskedFilter):
    """Steps of ladders that were reached."""

    ticket = IdFilter(field_name="ticket_id", label="Number of the ticket")
    team = SlugsFilter(field_name="ticket__team__slug", queryset=Team.objects.all(), label="Slug of the team")
    level = django_filters.CharFilter(max_length=40)
    happened_since = MomentFilter(field_name="happened_at", lookup_expr="gte")
    open = YesNoFilter(
        method="by_open", label="Somebody was told, nobody said that they look after it, and its time still runs"
    )

    class Meta:
        model = Escalation
        fields: list[str] = []

    def by_open(self, rows: QuerySet[Escalation], name: str, value: bool) -> QuerySet[Escalation]:
        running = Deadline.objects.filter(
            ticket=OuterRef("ticket"), cycle=OuterRef("cycle"), target=OuterRef("target"), ordinal=OuterRef("ordinal"),
            met_at=None, dropped_at=None,
        )  # fmt: skip
        unanswered = Q(told_at__isnull=False, acknowledged_at=None, ticket__state__in=AT_WORK) & Q(Exists(running))
        return rows.filter(unanswered) if value else rows.exclude(unanswered)


class AbsenceFilter(AskedFilter):
    """Absences that touch a stretch of time, of a person or a team."""

    user = django_filters.CharFilter(method="by_user", label="User name or id; `me`", max_length=150)
    team = SlugsFilter(
        method="by_team", field_name="slug", queryset=Team.objects.all(), label="Slug of a team of theirs"
    )
    ends_after = MomentFilter(field_name="ends_at", lookup_expr="gt")
    starts_before = MomentFilter(field_name="starts_at", lookup_expr="lt")

    class Meta:
        model = Away
        fields: list[str] = []

    def by_user(self, rows: QuerySet[Away], name: str, value: str) -> QuerySet[Away]:
        return rows.filter(self.of_person("user", value))

    def by_team(self, rows: QuerySet[Away], name: str, value: list[Team]) -> QuerySet[Away]:
        if not value:
            return rows
        return rows.filter(user__in=Member.objects.filter(team__in=value, is_active=True).values("user"))


class ReviewFilter(AskedFilter):
    """Reviews of a touchpoint, or in a state."""

    touchpoint = SlugsFilter(field_name="touchpoint__slug", queryset=Touchpoint.objects.all(), label="Its slug")
    state = django_filters.MultipleChoiceFilter(choices=Review.State.choices)

    class Meta:
        model = Review
        fields: list[str] = []
