"""`manage.py feed_samples`: a few live answers, one by one, so that one sees tickets appear and find their owner."""

import time
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from nps_loop.samples import feeding
from nps_loop.samples.loading import is_loaded


class Command(BaseCommand):
    help = "Lets sample customers answer while one watches. Needs the sample answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, default=12, help="how many answers (default: 12)")
        parser.add_argument("--every", type=float, default=20.0, metavar="SECONDS", help="pause between them (20)")
        parser.add_argument("--first", type=float, default=5.0, metavar="SECONDS", help="pause before the first (5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_loaded():
            raise CommandError("There are no sample customers to answer: run load_samples first.")
        coming = feeding.answers(now=timezone.now())
        for number, (source, incoming) in enumerate(islice(coming, options["count"])):
            time.sleep(options["every"] if number else options["first"])
            response = feeding.record(source, incoming, now=timezone.now())
            self.stdout.write(f"{response.contact} answered {response.score}: {response.verbatim[:100]}")
            self.stdout.flush()
