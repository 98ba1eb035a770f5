"""Loading of the packaged reference data, by the owner of the tables."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from babel import Locale
from sqlalchemy import Connection, delete, insert

from salsa_ext.core.codes import LANGUAGES
from salsa_ext.database.session import Base
from salsa_ext.reference import names
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
from salsa_ext.reference.packaged import alias_rows, read_csv


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
