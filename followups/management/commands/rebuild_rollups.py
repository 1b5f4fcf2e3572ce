"""`manage.py rebuild_rollups [--from DAY] [--to DAY] [--check]`: count anew what reports keep, or check it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from followups.reports.rollups import keeping


def _day(text: str) -> date:
    return date.fromisoformat(text)


class Command(BaseCommand):
    help = "Counts what reports keep by day anew. With --check: compares it with a recount; exits with 1 if it differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="day_from", type=_day, metavar="DAY", help="First day, like 2026-01-31.")
        parser.add_argument("--to", dest="day_to", type=_day, metavar="DAY", help="Last day.")
        parser.add_argument("--check", action="store_true", help="Change nothing; say what differs from a recount.")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {"now": timezone.now(), "day_from": options["day_from"], "day_to": options["day_to"]}
        if options["check"]:
            looked_at, differ = keeping.check_all(**asked, told=self.tell)
            for each in differ:
                self.stdout.write(str(each))
            if differ:
                raise CommandError(f"{len(differ)} of {looked_at} days differ from a recount.", returncode=1)
            self.stdout.write(f"{looked_at} days are as a recount finds them.")
            return
        counted = keeping.rebuild(**asked, told=self.tell)
        self.stdout.write(f"{counted} days counted.")

    def tell(self, kind: str, done: int, of: int) -> None:
        if self.stderr.isatty() or done == of:
            self.stderr.write(f"{kind}: {done} of {of} days", ending="\n" if done == of else "\r")
