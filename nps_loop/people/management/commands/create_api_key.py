"""`manage.py create_api_key NAME --scope ingest|read|write`: make a key and print its secret, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from nps_loop.people.models import ApiKey, User


class Command(BaseCommand):
    help = "Make an API key and print its secret. Only a digest is stored: the secret cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What it is for, e.g. 'CRM export'.")
        parser.add_argument("--scope", required=True, choices=ApiKey.Scope.values)
        parser.add_argument("--user", default="", help="User name of the person whose hand its acts count as.")
        parser.add_argument("--source", default="", help="Slug of the one source whose answers it sends.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = None
        if options["user"]:
            user = User.objects.filter(username=options["user"], is_active=True).first()
            if user is None:
                raise CommandError(f"There is no active user named {options['user']!r}.")
        name = options["name"].strip()
        if not name or len(name) > 120:
            raise CommandError("A key needs a name of at most 120 characters.")
        key, secret = ApiKey.objects.issue(name, options["scope"], user=user, source=options["source"])
        self.stdout.write(secret)
        self.stderr.write(f"{key}: keep it now, it is not shown again.")
