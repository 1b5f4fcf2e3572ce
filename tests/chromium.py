"""Chromium for tests, in a way that leaves Django's database usable in the same test."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def program() -> str | None:
    """Return the Chromium of this machine, None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def launched(executable: str) -> Iterator[Any]:
    """Start the browser `executable`; what is yielded is Playwright's `Browser` of its synchronous interface."""
    from playwright.sync_api import sync_playwright

    _keep_connections_by_thread()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


def _keep_connections_by_thread() -> None:
    """Let a test use the database beside the browser.

    Playwright leaves an event loop marked as running in this thread, so Django takes the test for asynchronous code: it
    refuses the database and, where told not to, opens a second connection that sees nothing of the test's transaction.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    by_thread = threading.local()
    for alias in connections:
        setattr(by_thread, alias, connections[alias])
    connections._connections = by_thread
