"""`manage.py erase_contact NUMBER`: erase a person everywhere, for good, while scores and times stay."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from surveys.erasing import erase
from surveys.models import Contact


class Command(BaseCommand):
    help = "Erases a person for good. Scores, times and every figure stay. Prints how much of what went."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", type=int, help="Number of the person, as in /contacts/<number>/.")
        parser.add_argument("--yes", action="store_true", help="Without it the person is only named.")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = Contact.objects.filter(pk=options["contact"]).select_related("merged_into").first()
        if contact is None:
            raise CommandError(f"Nobody has the number {options['contact']}.")
        if not options["yes"]:
            raise CommandError(f"This would erase {contact} for good. Say --yes to do it.")
        counts = erase(contact, by=None, now=datetime.now(UTC))
        for what, count in sorted(counts.items()):
            self.stdout.write(f"{what}: {count}")
        self.stdout.write("Erased.")
