"""What an export is asked, and how it stands."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups.models import ExportRecord
from followups.reports.exports.files import Format
from nps_loop.api.fields import StrictSerializer
from nps_loop.jobs.models import Job

MOST_FILTERS, LONGEST = 40, 4_000


@extend_schema_field({"type": "object", "additionalProperties": {"oneOf": [
    {"type": "string"}, {"type": "array", "items": {"type": "string"}}]}})  # fmt: skip
class QueryField(serializers.Field[Any, Any, Any, Any]):
    """Filters by name, as they would stand in a query string: each a value, or a list of them."""

    default_error_messages = {"invalid": "Give an object: each filter's name with a value, or a list of values."}

    def to_internal_value(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, dict) or len(data) > MOST_FILTERS:
            self.fail("invalid")
        found: dict[str, list[str]] = {}
        for name, given in data.items():
            values = given if isinstance(given, list) else [given]
            if len(values) > MOST_FILTERS or not all(isinstance(each, str | int | float) for each in values):
                self.fail("invalid")
            found[str(name)] = [self._text(each) for each in values]
            if sum(map(len, found[str(name)])) > LONGEST:
                self.fail("invalid")
        return found

    def _text(self, value: str | int | float) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    def to_representation(self, value: Any) -> Any:
        return value


class ExportAskedSerializer(StrictSerializer):
    """A file to be made: which list, in which format, narrowed by which filters of that list."""

    list = serializers.CharField(max_length=40)
    format = serializers.ChoiceField(choices=[each.value for each in Format], default=Format.CSV.value)
    filters = QueryField(required=False, default=dict)


class ExportSerializer(serializers.ModelSerializer[ExportRecord]):
    """An export that a worker makes. `file` is where it is fetched once `state` is done; null while it is not there."""

    id = serializers.IntegerField(source="job_id", read_only=True)
    list = serializers.CharField(source="listing", read_only=True)
    state = serializers.ChoiceField(source="job.state", choices=Job.State.choices, read_only=True)
    done = serializers.IntegerField(source="job.done", read_only=True, help_text="Rows dealt with so far.")
    total = serializers.IntegerField(source="job.total", read_only=True)
    error = serializers.CharField(source="job.error", read_only=True)
    file = serializers.SerializerMethodField()
    filters = serializers.JSONField(source="asked", read_only=True)

    class Meta:
        model = ExportRecord
        fields = ["id", "list", "format", "filters", "state", "done", "total", "rows", "error", "file", "began_at",
                  "finished_at"]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_file(self, record: ExportRecord) -> str | None:
        if record.job is None or not record.job.file:
            return None
        return f"{settings.SITE_URL}/api/v1/exports/{record.job_id}/file/"
