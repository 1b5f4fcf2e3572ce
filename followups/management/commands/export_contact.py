"""`manage.py export_contact NUMBER --to FILE`: all that is held about a person, as one archive for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from followups.exporting import held_about, write_archive
from surveys.models import Contact


class Command(BaseCommand):
    help = "Writes all that is held about a person into one zip: a JSON and the files of their mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contact", type=int, help="Number of the person, as in /contacts/<number>/.")
        parser.add_argument("--to", type=Path, required=True, help="File to write. One that is there is not replaced.")

    def handle(self, *args: Any, **options: Any) -> None:
        contact = Contact.objects.filter(pk=options["contact"]).select_related("merged_into").first()
        if contact is None:
            raise CommandError(f"Nobody has the number {options['contact']}.")
        contact = contact.merged_into or contact
        if contact.erased_at is not None:
            raise CommandError("This person was erased: nothing is held that says who they were.")
        held = held_about(contact)
        try:
            with options["to"].open("xb") as file:
                write_archive(held, file)
        except FileExistsError:
            raise CommandError(f"{options['to']} is there already: name another file with --to.") from None
        except OSError as error:
            raise CommandError(f"{options['to']} cannot be written: {error.strerror}.") from None
        for what, rows in held.facts.items():
            self.stdout.write(f"{what}: {len(rows)}")
        self.stdout.write(f"Written to {options['to']}.")
