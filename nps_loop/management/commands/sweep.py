"""`manage.py sweep`: do every due piece of work once, without Celery, and say what was done."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Does every due piece of work once (decisions, assignments, mails, clocks) and prints how much of each."

    def handle(self, *args: Any, **options: Any) -> None:
        # Inside, because nps_loop imports no app while Django starts.
        from followups.sweeping import sweep

        counts = sweep(now=datetime.now(UTC))
        for what, count in counts.items():
            self.stdout.write(f"{what}: {count}")
