"""What the list of answers can be narrowed by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet

from nps_loop.api.filters import IdFilter, MomentFilter, WholeNumberFilter, YesNoFilter
from surveys.models import Response, Survey
from surveys.scoring import Band
from surveys.searching import normalise_for_search


class ResponseFilter(django_filters.FilterSet):
    """Names are those of the answer; `q` finds words, all of which must occur."""

    q = django_filters.CharFilter(method="by_words", max_length=200, label="Words; all of them must occur")
    source = django_filters.CharFilter(field_name="source__slug", max_length=60)
    external_id = django_filters.CharFilter(max_length=300)
    survey_kind = django_filters.ChoiceFilter(choices=Survey.Kind.choices)
    touchpoint = django_filters.CharFilter(field_name="touchpoint__slug", max_length=100)
    band = django_filters.MultipleChoiceFilter(choices=Band.choices, distinct=False)
    score_min = WholeNumberFilter(field_name="score", lookup_expr="gte", min_value=0, max_value=10)
    score_max = WholeNumberFilter(field_name="score", lookup_expr="lte", min_value=0, max_value=10)
    contact = IdFilter(field_name="contact_id", label="Id of the contact")
    account = IdFilter(field_name="account_id", label="Id of the account")
    contact_me = YesNoFilter()
    excluded = YesNoFilter(method="by_excluded", label="Left out of NPS")
    day_from = django_filters.DateFilter(field_name="day", lookup_expr="gte")
    day_to = django_filters.DateFilter(field_name="day", lookup_expr="lte")
    received_since = MomentFilter(field_name="received_at", lookup_expr="gte")

    class Meta:
        model = Response
        fields: list[str] = []

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def by_words(self, answers: QuerySet[Response], name: str, value: str) -> QuerySet[Response]:
        for word in normalise_for_search(value).split():
            answers = answers.filter(search_text__contains=word)
        return answers

    def by_excluded(self, answers: QuerySet[Response], name: str, value: bool) -> QuerySet[Response]:
        return answers.exclude(excluded_as="") if value else answers.filter(excluded_as="")
