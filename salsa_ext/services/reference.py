"""Load the reference data that comes with the service; run by the owner of the tables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from babel import Locale
from sqlalchemy import Connection, delete, insert

from salsa_ext.db import Base
from salsa_ext.models import Alias, Calibre, FirearmType, Label, Make, Offence, Post, State
from salsa_ext.readmodels import names
from salsa_ext.services import aliases
from salsa_ext.values.codes import LANGUAGES

Row = dict[str, str]


def load(connection: Connection) -> dict[str, int]:
    """Replace the reference data by that of this version; returns the number of rows by table."""
    loaded = {}
    for model, rows in _tables().items():
        table = model.__table__
        connection.execute(delete(table))  # type: ignore[arg-type]
        values = list(rows)
        connection.execute(insert(table), values)  # type: ignore[arg-type]
        loaded[model.__tablename__] = len(values)
    names.forget()
    return loaded


def _tables() -> Mapping[type[Base], Iterator[dict[str, Any]]]:
    return {
        State: map(_state, _read("states")),
        Post: map(_post, _read("posts")),
        Make: map(_make, _read("makes")),
        Calibre: (
            _only(row, "code", "name", "family", "kind", "related") for row in _read("calibres")
        ),
        FirearmType: (
            _only(row, "code", "category", "hs", "iafq", "ncic") for row in _read("types")
        ),
        Offence: (_only(row, "code", "kind", "iccs") for row in _read("offences")),
        Label: _labels(),
        Alias: aliases.rows(_read),
    }


def _read(name: str) -> Iterator[Row]:
    text = files("salsa_ext").joinpath("reference", f"{name}.csv").read_text("utf-8")
    yield from csv.DictReader(text.splitlines())


def _only(row: Row, *columns: str) -> dict[str, Any]:
    return {column: row[column] or None for column in columns}


def _state(row: Row) -> dict[str, Any]:
    return _only(row, "code", "alpha2", "valid_from", "valid_to") | {
        "successors": row["successors"].split("|") if row["successors"] else [],
        "is_oas_member": row["oas_member"] == "1",
        "is_cifta_party": row["cifta_party"] == "1",
        "is_cifta_signatory_only": row["cifta_signatory_only"] == "1",
        "is_participant": row["participant"] == "1",
    }


def _post(row: Row) -> dict[str, Any]:
    numbers: dict[str, Callable[[str], Any]] = {
        "latitude": float,
        "longitude": float,
        "radius_km": int,
    }
    return {name: numbers.get(name, str)(value) for name, value in row.items()}


def _make(row: Row) -> dict[str, Any]:
    return _only(row, "code", "name", "country", "parent", "kind")


def _labels() -> Iterator[dict[str, Any]]:
    """Yield the written names, and those of today's states from CLDR."""
    seen = set()
    for row in _read("labels"):
        seen.add((row["kind"], row["code"], row["language"]))
        yield _only(row, "kind", "code", "language", "text")
    for language in LANGUAGES:
        territories = Locale(language).territories
        for row in _read("states"):
            name = territories.get(row["alpha2"])
            if name and ("state", row["code"], language) not in seen:
                yield {"kind": "state", "code": row["code"], "language": language, "text": name}
