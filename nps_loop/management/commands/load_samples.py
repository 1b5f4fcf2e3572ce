"""`manage.py load_samples`: a made-up company with three months of answers, in an empty database."""

import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from nps_loop.samples import company
from nps_loop.samples.loading import SEED, NotEmpty, is_loaded, load


class Command(BaseCommand):
    help = "Loads a sample company with customers, three months of answers and worked tickets into an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="another number gives other customers and answers")
        parser.add_argument(
            "--logins",
            action="store_true",
            help=f"let {', '.join(company.LOGINS)} log in with the password “{company.PASSWORD}” (the demo does so)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if is_loaded():
            self.stdout.write("The sample answers are loaded already.")
            return
        began = time.monotonic()
        try:
            truth = load(now=timezone.now(), seed=options["seed"], with_logins=settings.DEMO or options["logins"])
        except (NotEmpty, ImproperlyConfigured) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"{truth.recorded} answers of three months, NPS {truth.nps:+.1f}; {truth.tickets} tickets, of which "
            f"{truth.closings['confirmed']} were called settled by their customers "
            f"({time.monotonic() - began:.0f} s)."
        )
