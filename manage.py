#!/usr/bin/env python
"""Django's command line for nps_loop."""

import os
import sys


def main() -> None:
    """Run the management command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nps_loop.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as missing:
        raise SystemExit(
            "Django is missing for this Python. Run `python3 dev.py setup`, then `.venv/bin/python manage.py ...`."
        ) from missing
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
