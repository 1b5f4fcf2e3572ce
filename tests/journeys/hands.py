"""Somebody who only has a keyboard: keys besides text are counted, and how often Tab came in a row."""

from __future__ import annotations

from typing import Any


class Hands:
    """A person at a page. Shift Tab is a Tab, and a chord such as Ctrl Enter is one key."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.keys: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys.append(key)
            self.page.keyboard.press(key)

    def go(self, *keys: str) -> None:
        """Press keys of which the last leads to another page."""
        with self.page.expect_navigation():
            self.press(*keys)

    def send(self) -> None:
        self.go("Control+Enter")

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    @property
    def tabs_in_a_row(self) -> int:
        runs = "".join("t" if key.endswith("Tab") else " " for key in self.keys).split()
        return max(map(len, runs), default=0)
