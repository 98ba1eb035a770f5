"""JSON bodies from form fields, by the schema of the request.

Fields are named by path, `lines.0.quantity`. Empty fields are left out; a country may be typed by
its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields

from api.http.fields.codes import StateCode
from api.http.fields.numbers import Quantity, Real, Whole
from api.http.fields.texts import Flag
from api.http.fields.times import Moment
from api.i18n.messages import translate
from salsa_ext.core.errors import message
from salsa_ext.core.time import UTC_ZONE
from salsa_ext.reference import names

INTEGER = re.compile(r"-?[0-9]{1,15}")
DECIMAL = re.compile(r"-?(?:[0-9]{1,15}(?:[.,][0-9]{1,2})?|0[.,][0-9]{1,6})")
DEGREES = re.compile(r"-?[0-9]{1,4}(?:[.,][0-9]{1,6})?")
LOCAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
INTEGER_NEEDED = message("A whole number is needed here, without separators, such as 1000.")
NUMBER_NEEDED = message(
    "A number is needed here, without separators of thousands, such as 1000 or 2.5."
)


class FormBody:
    """The JSON of a form; `wrong` holds invalid numbers by path.

    Times without an offset are local to `zone`. A list of texts may be typed as lines.
    """

    def __init__(self, schema: Schema, values: Mapping[str, str], zone: str = UTC_ZONE) -> None:
        self.zone = ZoneInfo(zone)
        self.wrong: dict[str, list[str]] = {}
        self.json: dict[str, Any] = self._object(schema, _nest_values(values), "")

    def _object(self, schema: Schema, node: Any, path: str) -> dict[str, Any]:
        made = {}
        for name, field in schema.load_fields.items():
            key = field.data_key or name
            if isinstance(node, dict) and key in node:
                made[key] = self._value(field, node[key], f"{path}{key}")
            elif field.required and isinstance(field, fields.Nested):
                made[key] = {}  # so that what is missing is told field by field
        return made

    def _value(self, field: Any, node: Any, path: str) -> Any:
        if isinstance(field, fields.Nested):
            return self._object(field.schema, node, f"{path}.")
        if isinstance(field, fields.List):
            if isinstance(node, str) and not isinstance(field.inner, fields.Nested):
                return split_lines(node)
            rows = _sorted_rows(node)
            return [self._value(field.inner, row, f"{path}.{at}") for at, row in enumerate(rows)]
        return self._plain(field, node, path) if isinstance(node, str) else node

    def _plain(self, field: Any, text: str, path: str) -> Any:
        if isinstance(field, Flag):
            return text == "true"
        if isinstance(field, StateCode):
            return names.find_state(text) or text
        if isinstance(field, Moment) and LOCAL_TIME.fullmatch(text):
            return self._moment(text)
        if isinstance(field, Whole):
            if INTEGER.fullmatch(text):
                return int(text)
            self.wrong[path] = [translate(INTEGER_NEEDED)]
        elif isinstance(field, Quantity | Real):
            if (DEGREES if isinstance(field, Real) else DECIMAL).fullmatch(text):
                return float(text.replace(",", "."))
            self.wrong[path] = [translate(NUMBER_NEEDED)]
        return text

    def _moment(self, text: str) -> str:
        """Add the offset of the zone; return an invalid time unchanged."""
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self.zone).isoformat()
        except ValueError:
            return text


def split_lines(typed: str) -> list[str]:
    """Return the non-empty lines of a text, stripped."""
    return [line for text in typed.splitlines() if (line := text.strip())]


def _nest_values(values: Mapping[str, str]) -> dict[str, Any]:
    """Nest values by the parts of their names; drop contradicting ones."""
    tree: dict[str, Any] = {}
    for name, text in values.items():
        *parents, last = name.split(".")
        node: Any = tree
        for parent in parents:
            node = node.setdefault(parent, {}) if isinstance(node, dict) else None
        if text and isinstance(node, dict):
            node.setdefault(last, text)
    return {name: node for name, node in tree.items() if not _is_empty(node)}


def _is_empty(node: Any) -> bool:
    return isinstance(node, dict) and all(_is_empty(inner) for inner in node.values())


def _sorted_rows(node: Any) -> list[Any]:
    """Return the non-empty rows of a list, sorted by number."""
    if not isinstance(node, dict):
        return []
    return [node[at] for at in sorted(node, key=_row_order) if not _is_empty(node[at])]


def _row_order(at: str) -> tuple[int, str]:
    return (int(at), "") if at.isascii() and at.isdigit() and len(at) < 10 else (10**9, at)
