"""Import a file of answers; `--help` lists what can be said about its columns."""

from __future__ import annotations

import json
import tempfile
from argparse import ArgumentTypeError
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.utils import timezone

from surveys.importing import Instructions, Tally, import_file, look
from surveys.incoming import shorten
from surveys.models import Source
from surveys.readers.answers import LookedInto
from surveys.readers.columns import Choices
from surveys.readers.dates import DateOrder
from surveys.readers.delimited import UnreadableFile
from surveys.recording import Outcome, Status
from surveys.scoring import nps

DEFAULT_SOURCE = "import"
SLUG_LIMIT = 60
REMARKS_SHOWN = 20
# Option -> our field. `--account` takes an id or a name, by the column's own name.
COLUMN_OPTIONS = {
    "score": "score",
    "comment": "comment",
    "email": "email",
    "contact-id": "contact_external_id",
    "name": "name",
    "phone": "phone",
    "language": "language",
    "account": "account",
    "touchpoint": "touchpoint",
    "driver": "driver",
    "contact-me": "contact_me",
    "responded-at": "responded_at",
    "external-id": "external_id",
}


class Command(BaseCommand):
    help = (
        "Import a file of answers (CSV and its relatives). Columns are guessed only where their names leave no doubt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--source", default=DEFAULT_SOURCE, metavar="SLUG", help="Where the answers come from.")
        for option in COLUMN_OPTIONS:
            parser.add_argument(f"--{option}", metavar="COL", help=f"Column that holds the {option.replace('-', ' ')}.")
        parser.add_argument(
            "--attribute",
            action="append",
            type=_name_and_column,
            metavar="NAME=COL",
            help="Keep this column as an attribute; without any, every column that has no other meaning is kept.",
        )
        parser.add_argument("--time-zone", default="", metavar="TZ", help="Zone of times that name none.")
        parser.add_argument("--date-order", choices=[order.value for order in DateOrder])
        parser.add_argument(
            "--score-is-nps", action="store_true", help="The score is 0 to 10 though it does not look so."
        )
        parser.add_argument("--follow-up", choices=["auto", "all", "none"], default="auto")
        parser.add_argument(
            "--acknowledge", action="store_true", help="Send “your answer has arrived”, at most 7 days old."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, record nothing.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        instructions = Instructions(_choices(options), options["follow_up"], options["acknowledge"])
        with tempfile.TemporaryFile("w+", encoding="utf-8") as remarks:
            try:
                source = _source(options["source"])
                found = look(options["file"], source, instructions.choices)
                if found.is_score_doubtful:
                    raise UnreadableFile(f"{found.problem} If it is one, say so: --score COL --score-is-nps.")
                tally = import_file(
                    found,
                    source,
                    instructions,
                    now=now,
                    report=lambda outcome: _write_down(outcome, remarks),
                    dry_run=options["dry_run"],
                )
            except UnreadableFile as error:
                raise CommandError(f"{shorten(options['file'].name)}: {error}", returncode=2) from error
            remarks.seek(0)
            if options["json"]:
                for note in found.notes if found.has_unproven_dates else ():
                    self.stderr.write(note)
                self._print_json(tally, remarks)
            else:
                self._print_words(tally, remarks, found, is_dry_run=options["dry_run"])

    def _print_json(self, tally: Tally, remarks: TextIO) -> None:
        figures = json.dumps(tally.as_json(), indent=1)
        self.stdout.write(figures.removesuffix("\n}") + ',\n "rejections": [', ending="")
        separator = "\n  "
        for line in remarks:
            remark = json.loads(line)
            if remark.pop("is_rejection"):
                self.stdout.write(separator + json.dumps(remark, ensure_ascii=False), ending="")
                separator = ",\n  "
        self.stdout.write("]\n}")

    def _print_words(self, tally: Tally, remarks: TextIO, found: LookedInto, *, is_dry_run: bool) -> None:
        if is_dry_run:
            self.stdout.write("A dry run: nothing was recorded.")
        for note in found.notes:
            self.stdout.write(note)
        self.stdout.write(
            f"{tally.rows:,} rows: {tally.recorded:,} recorded, {tally.duplicates:,} known already, "
            f"{tally.updated:,} updated, {tally.rejected:,} rejected."
        )
        counted = nps(tally.promoters, tally.passives, tally.detractors)
        if counted.value is not None:
            self.stdout.write(
                f"NPS {counted.value:+.1f} ({counted.low:+.0f} to {counted.high:+.0f}) of {counted.n:,} answers: "
                f"promoters {tally.promoters:,}, passives {tally.passives:,}, detractors {tally.detractors:,}."
            )
        self.stdout.write(f"{tally.tickets:,} tickets opened.")
        for line in islice(remarks, REMARKS_SHOWN):
            remark = json.loads(line)
            self.stdout.write(f"Row {remark['row']}: {remark['reason']}")
        if more := sum(1 for _ in remarks):
            self.stdout.write(f"... and {more:,} more; --json lists all that were rejected.")


def _choices(options: dict[str, Any]) -> Choices:
    columns = {ours: options[option.replace("-", "_")] for option, ours in COLUMN_OPTIONS.items()}
    return Choices(
        columns={ours: column for ours, column in columns.items() if column},
        attributes=dict(options["attribute"]) if options["attribute"] else None,
        date_order=DateOrder(options["date_order"]) if options["date_order"] else None,
        time_zone=options["time_zone"],
        score_is_nps=options["score_is_nps"],
        # By the rules, the date decides whether an answer is history; whoever said what happens does not depend on it.
        undated_if_unproven=options["follow_up"] != "auto",
    )


def _source(slug: str) -> Source:
    """The source of that slug; a new one, not saved yet, where there is none."""
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise UnreadableFile(f"“{shorten(slug)}” is no slug: letters, digits, hyphens and underscores.") from error
    if len(slug) > SLUG_LIMIT:
        raise UnreadableFile(f"The slug of a source has at most {SLUG_LIMIT} characters.")
    known = Source.objects.select_related("survey").filter(slug=slug).first()
    return known or Source(slug=slug, name=slug, channel=Source.Channel.FILE, time_zone=settings.TIME_ZONE)


def _name_and_column(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not (name.strip() and equals and column.strip()):
        raise ArgumentTypeError(f"{text!r} is not NAME=COL")
    return name.strip(), column.strip()


def _write_down(outcome: Outcome, remarks: TextIO) -> None:
    remark = {
        "row": outcome.row,
        "field": outcome.field,
        "reason": outcome.reason,
        "is_rejection": outcome.status is Status.REJECTED,
    }
    remarks.write(json.dumps(remark) + "\n")
