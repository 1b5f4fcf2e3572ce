"""/api/v1/exports/: any list and any figure as CSV or XLSX, at once where it is short, else as a job."""

from __future__ import annotations

from typing import Any

from django.http import Http404, QueryDict
from django.http.response import FileResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from followups.api.base import FollowupView
from followups.models import ExportRecord
from followups.reports.exports import asking, keeping
from followups.reports.exports.asking import AT_ONCE, Export
from followups.reports.exports.files import FORMATS, Format
from followups.reports.exports.listing import BadQuestion, listings
from followups.serializers.exports import ExportAskedSerializer, ExportSerializer
from nps_loop.api.errors import Conflict
from nps_loop.people.models import ApiKey

FILE = {(200, form.content_type.partition(";")[0]): OpenApiTypes.BINARY for form in Format}


class ExportView(FollowupView):
    """Files of what the one who asks may see. Making one changes nothing, so read keys may ask too."""

    serializer_class = ExportSerializer
    only_reads = True

    def export(self, what: str, form: str, asked: QueryDict) -> Export:
        if what not in listings or form not in FORMATS:
            raise Http404
        if unknown := sorted(set(asked) - listings[what].filters - {"mark"}):
            raise ValidationError({name[:60]: ["There is no such filter here."] for name in unknown[:20]})
        key = self.request.auth if isinstance(self.request.auth, ApiKey) else None
        return asking.export_for(what, Format(form), asked, viewer=self.reader(), key=key, in_words=False, now=self.now)

    def record(self, number: int) -> ExportRecord:
        found = keeping.exports_of(self.reader()).filter(job=number).first() if number < 2**63 else None
        if found is None:
            raise Http404
        return found

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(ValidationError(exc.errors) if isinstance(exc, BadQuestion) else exc)


class AsFile(ExportView):
    """A view that answers with a file, whatever the caller says it accepts; what it refuses is JSON as ever."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return JSONRenderer(), JSONRenderer.media_type


class ExportListView(ExportView):
    """Files to be made by a worker."""

    @extend_schema(operation_id="exports_list", responses={200: ExportSerializer(many=True)})
    def get(self, request: Request) -> Response:
        """The last 30 that were asked for, the newest first; administrators see everybody's."""
        rows = keeping.exports_of(self.reader())[: keeping.SHOWN]
        return Response(ExportSerializer(rows, many=True).data)

    @extend_schema(request=ExportAskedSerializer, responses={201: ExportSerializer})
    def post(self, request: Request) -> Response:
        """Leave a file of any length to a worker. Look at its address until `file` is there, then fetch that."""
        given = self.checked(ExportAskedSerializer(data=request.data))
        asked = QueryDict(mutable=True)
        for name, values in given["filters"].items():
            asked.setlist(name, values)
        if given["list"] not in listings:
            raise ValidationError({"list": [f"There is no such list; there are: {', '.join(sorted(listings))}."]})
        job = asking.ask(self.export(given["list"], given["format"], asked))
        return Response(ExportSerializer(self.record(job.pk)).data, status=201)


class ExportNowView(AsFile):
    """A list as a file, in one answer."""

    @extend_schema(operation_id="exports_now", responses=FILE)
    def get(self, request: Request, what: str, form: str) -> HttpResponseBase:
        """The rows that the filters of this list find, by number. 409 where there are too many for one answer.

        Lists: tickets, answers, figures, invitations, mails, queue, promises. Filters are those of the list's page or
        address. Columns are headed by their keys, codes stay codes, times are UTC. `mark=yes`: a byte order mark first.
        """
        export = self.export(what, form, request.query_params)
        if request.method == "HEAD":
            return asking.head(export)
        if (answer := asking.answer(export)) is not None:
            return answer
        most = AT_ONCE[export.form]
        raise Conflict(
            f"This holds more than {most} rows. POST it to /api/v1/exports/, and a worker makes the file.",
            code="too_many_rows",
        )


class ExportDetailView(ExportView):
    """One export that a worker makes."""

    @extend_schema(operation_id="exports_get")
    def get(self, request: Request, export: int) -> Response:
        """How far it is."""
        return Response(ExportSerializer(self.record(export)).data)


class ExportFileView(AsFile):
    """The file of one export."""

    @extend_schema(operation_id="exports_file", responses=FILE)
    def get(self, request: Request, export: int) -> HttpResponseBase:
        """The file, for whoever asked for it; 409 where it is not made yet, or was made before your rights changed."""
        record = self.record(export)
        if record.job is None or (record.job.is_over and not record.job.file):
            raise Http404
        if not record.job.is_over:
            raise Conflict("It is not made yet.", code="not_yet")
        if not keeping.may_still_fetch(record, self.reader()):
            raise Conflict("Your teams have changed since this file was made. Ask for it again.", code="rights_changed")
        try:
            content = record.job.file.open("rb")
        except FileNotFoundError:
            raise Http404 from None
        return asking.dressed(FileResponse(content), record.job.file_name, Format(record.format))
