"""The body of a form: what a page sends as text becomes what the request's schema takes.

Fields are named by their paths, `lines.0.quantity`; a field that was left empty is not there, and
a country may be written by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields

from api.i18n import translate
from api.schemas.fields import Flag, Moment, Quantity, Real, StateCode, Whole
from salsa_ext.errors import say
from salsa_ext.readmodels import names
from salsa_ext.values.zones import UTC

WHOLE = re.compile(r"-?[0-9]{1,15}")
NUMBER = re.compile(r"-?(?:[0-9]{1,15}(?:[.,][0-9]{1,2})?|0[.,][0-9]{1,6})")
DEGREES = re.compile(r"-?[0-9]{1,4}(?:[.,][0-9]{1,6})?")
LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?")
NOT_WHOLE = say("A whole number is needed here, without separators, such as 1000.")
NOT_NUMBER = say("A number is needed here, without separators of thousands, such as 1000 or 2.5.")


class Body:
    """The JSON of a form; `wrong` holds, by path, the numbers that are none.

    A moment is typed without its offset: it is that of `zone`. A list of texts may be typed as lines.
    """

    def __init__(self, schema: Schema, values: Mapping[str, str], zone: str = UTC) -> None:
        self.zone = ZoneInfo(zone)
        self.wrong: dict[str, list[str]] = {}
        self.json: dict[str, Any] = self._object(schema, _tree(values), "")

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
                return lines_of(node)
            rows = _rows(node)
            return [self._value(field.inner, row, f"{path}.{at}") for at, row in enumerate(rows)]
        return self._plain(field, node, path) if isinstance(node, str) else node

    def _plain(self, field: Any, text: str, path: str) -> Any:
        if isinstance(field, Flag):
            return text == "true"
        if isinstance(field, StateCode):
            return names.state_named(text) or text
        if isinstance(field, Moment) and LOCAL.fullmatch(text):
            return self._moment(text)
        if isinstance(field, Whole):
            if WHOLE.fullmatch(text):
                return int(text)
            self.wrong[path] = [translate(NOT_WHOLE)]
        elif isinstance(field, Quantity | Real):
            if (DEGREES if isinstance(field, Real) else NUMBER).fullmatch(text):
                return float(text.replace(",", "."))
            self.wrong[path] = [translate(NOT_NUMBER)]
        return text

    def _moment(self, text: str) -> str:
        """Return a moment with the offset of the zone; what is no moment stays as it is."""
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self.zone).isoformat()
        except ValueError:
            return text


def lines_of(typed: str) -> list[str]:
    """Return the lines of a text that are not empty."""
    return [line for text in typed.splitlines() if (line := text.strip())]


def _tree(values: Mapping[str, str]) -> dict[str, Any]:
    """Nest values by the parts of their names; what contradicts another name is left out."""
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


def _rows(node: Any) -> list[Any]:
    """Return the rows of a list in the order of their numbers."""
    if not isinstance(node, dict):
        return []
    return [node[at] for at in sorted(node, key=_place) if not _is_empty(node[at])]


def _place(at: str) -> tuple[int, str]:
    return (int(at), "") if at.isascii() and at.isdigit() and len(at) < 10 else (10**9, at)
