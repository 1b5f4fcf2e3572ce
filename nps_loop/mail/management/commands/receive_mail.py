"""`manage.py receive_mail < mail`: keep one mail from standard input, as a mail server's pipe hands it over."""

import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from nps_loop.mail.inbound import keeping

# What a mail server reads as "try again later" (sysexits.h).
TEMPORARY_FAILURE = 75


class Command(BaseCommand):
    help = "Keeps one mail (RFC 5322, on standard input) to be read; exits with 75 where it must be handed over again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--route", default="pipe", help="Name of the way it came by, kept with the mail.")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read()
        if not raw.strip():
            raise CommandError("There is no mail on standard input.", returncode=64)
        try:
            row = keeping.store(raw, route=options["route"], now=datetime.now(UTC))
        except Exception as error:
            raise CommandError(f"The mail could not be kept: {error}", returncode=TEMPORARY_FAILURE) from error
        self.stdout.write(f"Kept as {row.pk}.")
