"""Every way to write a make, calibre or type, from the files of reference data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from salsa_ext.matching.calibres import form
from salsa_ext.matching.makes import core
from salsa_ext.matching.names import fold
from salsa_ext.matching.resolver import FORM

Row = dict[str, str]
Read = Callable[[str], Iterable[Row]]
FILES = {"make": "makes", "calibre": "calibres", "type": "types"}


def rows(read: Read) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table: names, what bare numbers usually mean, words that name nothing.

    `read` gives the rows of a file by its name.
    """
    for kind, name in FILES.items():
        written = list(_written(kind, read(name)))
        if kind == "type":
            written += [(row["text"], row["code"]) for row in read("labels") if row["kind"] == kind]
        yield from _names(kind, written)
    yield from _usual(read("usual"))
    said = {(row["kind"], fold(row["kind"], row["text"])): row["remark"] for row in read("words")}
    for (kind, folded), remark in said.items():
        yield _alias(f"{kind} remark", folded, remark)


def _written(kind: str, listed: Iterable[Row]) -> Iterator[tuple[str, str]]:
    for row in listed:
        for text in (row["code"], row.get("name", ""), *row["aliases"].split("|")):
            yield text, row["code"]


def _names(kind: str, written: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield names as they are compared, calibres in their one form too, makers without trade words."""
    names: dict[str, str] = {}
    cores: dict[str, set[str]] = defaultdict(set)
    for text, code in written:
        for folded in {fold(kind, text), form(text) if kind == "calibre" else ""} - {""}:
            names.setdefault(folded, code)
        if kind == "make":
            cores[core(text)].add(code)
    yield from (_alias(kind, folded, code) for folded, code in names.items())
    for folded, codes in cores.items():
        if folded and folded not in names and len(codes) == 1:  # one maker's alone
            yield _alias(kind, folded, next(iter(codes)), sureness=FORM)


def _usual(listed: Iterable[Row]) -> Iterator[dict[str, Any]]:
    seen: dict[tuple[str, str, str], float] = {}
    for row in listed:
        kind, text = row["kind"], row["text"]
        for folded in {fold(kind, text), form(text) if kind == "calibre" else ""} - {""}:
            seen[kind, folded, row["code"]] = float(row["sureness"])
    for (kind, folded, code), sureness in seen.items():
        yield _alias(kind, folded, code, sureness=sureness)


def _alias(kind: str, folded: str, code: str, sureness: float = 1.0) -> dict[str, Any]:
    return {"kind": kind, "folded": folded, "code": code, "sureness": sureness}
