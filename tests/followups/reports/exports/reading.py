"""Reads exported files back as another program would: CSV by Python's reader, XLSX by its XML."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any
from xml.etree import ElementTree

from django.test import Client

from nps_loop.people.models import User

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def csv_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by their headings."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def fetch(user: User, path: str) -> list[dict[str, str]]:
    """The rows of an export this person asks for on a page."""
    answer = client_of(user).get(path)
    assert answer.status_code == 200, answer.content[:500]
    return csv_of(content_of(answer))


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    """Each sheet by name: its rows of cells, a text as str and a number as float; nothing is None.

    A cell that is anything else (a formula, a shared text) fails.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in book.iter(f"{NAMESPACE}sheet")]
        return {name: _rows(archive.read(f"xl/worksheets/sheet{n}.xml")) for n, name in enumerate(names, 1)}


def _rows(xml: bytes) -> list[list[Any]]:
    rows = []
    for row in ElementTree.fromstring(xml).iter(f"{NAMESPACE}row"):
        cells: list[Any] = []
        for cell in row:
            assert {child.tag for child in cell} <= {f"{NAMESPACE}v", f"{NAMESPACE}is"}, ElementTree.tostring(cell)
            column = _column(cell.attrib["r"])
            cells += [None] * (column - len(cells))
            if cell.attrib.get("t") == "inlineStr":
                cells.append("".join(part.text or "" for part in cell.iter(f"{NAMESPACE}t")))
            else:
                assert "t" not in cell.attrib
                found = cell.find(f"{NAMESPACE}v")
                cells.append(None if found is None else float(found.text or ""))
        rows.append(cells)
    return rows


def _column(reference: str) -> int:
    number = 0
    for letter in re.match("[A-Z]+", reference)[0]:  # type: ignore[index]
        number = number * 26 + ord(letter) - 64
    return number - 1


def table_of(content: bytes) -> list[dict[str, Any]]:
    """The rows of a file with one sheet by their headings; empty cells are left out."""
    (rows,) = sheets_of(content).values()
    return [{name: cell for name, cell in zip(rows[0], row, strict=False) if cell is not None} for row in rows[1:]]
