"""Names in the packaged files: their aliases, and indexes without a database."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from babel import Locale
from sqlalchemy import Connection, delete, insert

from salsa_ext.core.codes import LANGUAGES
from salsa_ext.database.session import Base
from salsa_ext.reference import names
from salsa_ext.reference.calibres import CalibreIndex, normal_form
from salsa_ext.reference.makes import MakeIndex, core_name
from salsa_ext.reference.models import (
    Alias,
    Calibre,
    FirearmType,
    Label,
    Make,
    Offence,
    Post,
    State,
)
from salsa_ext.reference.name_matching import CORE_NAME, KnownName, NameIndex, fold_name


def read_csv(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a packaged file."""
    text = files("salsa_ext").joinpath("reference", "data", f"{name}.csv").read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


class KnownAlias(NamedTuple):
    """A row of the aliases; the kind `calibre pistol` is of calibres of pistols."""

    kind: str
    folded: str
    code: str
    confidence: float


class MakeColumns(NamedTuple):
    """What the index of makers has to know of each."""

    code: str
    kind: str
    parent: str | None


def build_index(
    kind: str, aliases: Iterable[KnownAlias], makes: Iterable[MakeColumns]
) -> NameIndex:
    """Return the index of the names of a kind."""
    known: dict[str, list[KnownName]] = defaultdict(list)
    for alias in aliases:
        known[alias.kind].append(KnownName(*alias[1:]))
    if kind == "make":
        rows = list(makes)
        importers = {make.code for make in rows if make.kind == "importer"}
        return MakeIndex(
            known[kind], importers, {make.code: make.parent for make in rows if make.parent}
        )
    if kind == "calibre":
        typed = {name.partition(" ")[2]: names for name, names in known.items() if " " in name}
        return CalibreIndex(known[kind], typed)
    return NameIndex(known[kind])


@cache
def packaged_index(kind: str) -> NameIndex:
    """Return the index of a kind from the packaged files."""
    makes = (
        MakeColumns(row["code"], row["kind"], row["parent"] or None) for row in read_csv("makes")
    )
    return build_index(kind, (KnownAlias(**row) for row in alias_rows(read_csv)), makes)


AliasSource = dict[str, str]
CsvReader = Callable[[str], Iterable[AliasSource]]
NAME_FILES = {"make": "makes", "calibre": "calibres", "type": "types"}


def alias_rows(read: CsvReader) -> Iterator[dict[str, Any]]:
    """Yield the rows of `alias`: names, usual numbers, placeholders."""
    for kind, name in NAME_FILES.items():
        written = list(_spellings(kind, read(name)))
        if kind == "type":
            written += [(row["text"], row["code"]) for row in read("labels") if row["kind"] == kind]
        yield from _name_rows(kind, written)
    yield from _usual_number_rows(read("usual"))
    remarks = {
        (row["kind"], fold_name(row["kind"], row["text"])): row["remark"] for row in read("words")
    }
    for (kind, folded), remark in remarks.items():
        yield _alias_row(f"{kind} remark", folded, remark)


def _spellings(kind: str, listed: Iterable[AliasSource]) -> Iterator[tuple[str, str]]:
    for row in listed:
        for text in (row["code"], row.get("name", ""), *row["aliases"].split("|")):
            yield text, row["code"]


def _name_rows(kind: str, written: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield folded names, normal forms of calibres, core names of makers."""
    names: dict[str, str] = {}
    cores: dict[str, set[str]] = defaultdict(set)
    for text, code in written:
        for folded in _folded_forms(kind, text):
            names.setdefault(folded, code)
        if kind == "make":
            cores[core_name(text)].add(code)
    yield from (_alias_row(kind, folded, code) for folded, code in names.items())
    for folded, codes in cores.items():
        if folded and folded not in names and len(codes) == 1:  # one maker's alone
            yield _alias_row(kind, folded, next(iter(codes)), confidence=CORE_NAME)


def _folded_forms(kind: str, text: str) -> set[str]:
    forms = {fold_name(kind, text), normal_form(text) if kind == "calibre" else ""}
    return forms - {""}


def _usual_number_rows(listed: Iterable[AliasSource]) -> Iterator[dict[str, Any]]:
    numbers: dict[tuple[str, str, str], float] = {}
    for row in listed:
        kind, text = row["kind"], row["text"]
        kinds = [f"{kind} {type_code}" for type_code in filter(None, row["types"].split("|"))]
        for folded in _folded_forms(kind, text):
            for typed in kinds or [kind]:
                numbers[typed, folded, row["code"]] = float(row["confidence"])
    for (kind, folded, code), confidence in numbers.items():
        yield _alias_row(kind, folded, code, confidence=confidence)


def _alias_row(kind: str, folded: str, code: str, confidence: float = 1.0) -> dict[str, Any]:
    return {"kind": kind, "folded": folded, "code": code, "confidence": confidence}


def load_reference_data(connection: Connection) -> dict[str, int]:
    """Replace all reference data; returns the number of rows by table."""
    loaded = {}
    for model, rows in _tables().items():
        table = model.__table__
        connection.execute(delete(table))  # type: ignore[arg-type]
        values = list(rows)
        connection.execute(insert(table), values)  # type: ignore[arg-type]
        loaded[model.__tablename__] = len(values)
    names.clear_cache()
    return loaded


def _tables() -> Mapping[type[Base], Iterator[dict[str, Any]]]:
    return {
        State: map(_state_row, read_csv("states")),
        Post: map(_post_row, read_csv("posts")),
        Make: map(_make_row, read_csv("makes")),
        Calibre: (
            _select_columns(row, "code", "name", "family", "kind", "related")
            for row in read_csv("calibres")
        ),
        FirearmType: (
            _select_columns(row, "code", "category", "hs", "iafq", "ncic")
            for row in read_csv("types")
        ),
        Offence: (_select_columns(row, "code", "kind", "iccs") for row in read_csv("offences")),
        Label: _label_rows(),
        Alias: alias_rows(read_csv),
    }


def _select_columns(row: dict[str, str], *columns: str) -> dict[str, Any]:
    return {column: row[column] or None for column in columns}


def _state_row(row: dict[str, str]) -> dict[str, Any]:
    return _select_columns(row, "code", "alpha2", "valid_from", "valid_to") | {
        "successors": row["successors"].split("|") if row["successors"] else [],
        "is_oas_member": row["oas_member"] == "1",
        "is_cifta_party": row["cifta_party"] == "1",
        "is_cifta_signatory_only": row["cifta_signatory_only"] == "1",
        "is_participant": row["participant"] == "1",
    }


def _post_row(row: dict[str, str]) -> dict[str, Any]:
    numbers: dict[str, Callable[[str], Any]] = {
        "latitude": float,
        "longitude": float,
        "radius_km": int,
    }
    return {name: numbers.get(name, str)(value) if value else None for name, value in row.items()}


def _make_row(row: dict[str, str]) -> dict[str, Any]:
    return _select_columns(row, "code", "name", "country", "parent", "kind")


def _label_rows() -> Iterator[dict[str, Any]]:
    """Yield the packaged labels, and state names from CLDR."""
    yielded = set()
    for row in read_csv("labels"):
        yielded.add((row["kind"], row["code"], row["language"]))
        yield _select_columns(row, "kind", "code", "language", "text")
    for language in LANGUAGES:
        territories = Locale(language).territories
        for row in read_csv("states"):
            name = territories.get(row["alpha2"])
            if name and ("state", row["code"], language) not in yielded:
                yield {"kind": "state", "code": row["code"], "language": language, "text": name}
