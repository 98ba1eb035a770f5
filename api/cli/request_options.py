"""Fields of requests, and the options that they become."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from api.cli.openapi_operations import Schema, resolve

STATE: Final = "^[A-Z]{3}$"
METAVARS: Final = {"uuid": "ID", "date": "YYYY-MM-DD", "date-time": "TIME"}
WORDS: Final = "Words such as name=value, or JSON; names: "


@dataclass(frozen=True)
class Field:
    """A value that the request carries: where it goes, by which names, and what it may be."""

    key: str
    names: tuple[str, ...]
    schema: Schema
    is_required: bool = False

    @property
    def flag(self) -> str:
        """Return the option: `place.country` is --place.country, `c[REF_AREA]` --c.REF-AREA."""
        name = ".".join(self.names).replace("_", "-")
        return f"--{name.replace('[', '.').rstrip(']')}"

    @property
    def is_list(self) -> bool:
        """Return whether the option is given once for each value."""
        return self.schema.get("type") == "array"

    @property
    def example(self) -> str:
        """Return the option with a value, as an example shows it."""
        if self.schema.get("type") == "boolean":
            return self.flag
        schema = resolve(self.schema["items"]) if self.is_list else self.schema
        return f"{self.flag} {schema['enum'][0] if 'enum' in schema else name_value(schema)}"

    def option(self) -> click.Option:
        """Return the option of the command line."""
        words = [self.schema.get("description", ""), "Needed." if self.is_required else ""]
        if "default" in self.schema and self.schema["default"] not in ([], False):
            words.append(f"Left out, {self.schema['default']}.")
        if self.schema.get("type") == "boolean":
            return click.Option(
                [self.key, f"{self.flag}/--no-{self.flag[2:]}"],
                default=None,
                help=" ".join(filter(None, words)),
            )
        schema = resolve(self.schema["items"]) if self.is_list else self.schema
        words += ["Once for each."] if self.is_list else []
        if resolve(schema).get("type") == "object":
            words.append(f"{WORDS}{', '.join(schema.get('properties', ()))}.")
        kind: click.ParamType[Any] = (
            click.Choice(schema["enum"]) if "enum" in schema else Value(schema)
        )
        return click.Option(
            [self.key, self.flag],
            type=kind,
            multiple=self.is_list,
            metavar=None if "enum" in schema else name_value(schema),
            help=" ".join(filter(None, words)),
        )


class Value(click.ParamType[Any]):
    """A value of the type that its schema names; what it may be, the service says."""

    name = "value"

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value for JSON; a usage error where it is of another type."""
        if not isinstance(value, str):
            return value
        try:
            return parse_value(value, self.schema)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def parse_value(text: str, schema: Schema) -> Any:
    """Return a text as its schema wants it; raises ValueError.

    An object is JSON, or words such as `serial=ABC123 make="Smith & Wesson" place.country=PRY`.
    """
    schema = resolve(schema)
    kind = schema.get("type")
    if kind in ("integer", "number"):
        parsed = json.loads(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
        if parsed is None or (kind == "integer" and not isinstance(parsed, int)):
            raise ValueError(f"{text} is no {'whole ' if kind == 'integer' else ''}number")
        return parsed
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError(f"{text} is neither true nor false")
        return text == "true"
    if kind == "string":
        return text.upper() if schema.get("pattern") == STATE else text
    if text.lstrip().startswith(("{", "[")) or kind == "array":
        return (
            json.loads(text)
            if text.lstrip().startswith("[") or kind != "array"
            else [parse_value(each, schema["items"]) for each in text.split(",")]
        )
    return _parse_words(text, schema)


def _parse_words(text: str, schema: Schema) -> dict[str, Any]:
    known = {each.names: each.schema for each in find_fields(schema)} if schema else {}
    value: dict[str, Any] = {}
    for word in shlex.split(text):
        name, is_named, given = word.partition("=")
        names = tuple(name.split("."))
        if not is_named or (known and names not in known):
            raise ValueError(f"{word} is no name=value of {', '.join(map('.'.join, known))}")
        set_value(value, names, parse_value(given, known.get(names, {"type": "string"})))
    return value


def find_fields(
    schema: Schema, names: tuple[str, ...] = (), needed: bool = True
) -> Iterator[Field]:
    """Give the fields of an object; those of objects inside it by dotted names."""
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        inner, path, is_required = resolve(part), (*names, name), needed and name in required
        if "properties" in inner:
            yield from find_fields(inner, path, is_required)
        else:
            yield Field(f"body_{'_'.join(path)}", path, inner, is_required)


def set_value(body: dict[str, Any], names: Sequence[str], value: Any) -> None:
    """Set a value inside objects, which are made where they are missing."""
    for name in names[:-1]:
        body = body.setdefault(name, {})
    body[names[-1]] = value


def name_value(schema: Schema) -> str:
    """Return the placeholder of a value in help: ID, TIME, NUMBER."""
    if schema.get("pattern") == STATE:
        return "ISO"
    kinds = {"integer": "NUMBER", "number": "NUMBER", "object": "WORDS"}
    return METAVARS.get(schema.get("format", ""), kinds.get(schema.get("type", ""), "TEXT"))
