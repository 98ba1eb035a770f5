"""Operations of the packaged OpenAPI document, and the nouns and verbs of their commands.

`make docs` writes the document, so that a new route has its command at once.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import click

from api.cli.client import BASE, JSON

DOCUMENT: Final = Path(__file__).with_name("openapi.json")
MULTIPART: Final = "multipart/form-data"
NDJSON: Final = "application/x-ndjson"
Schema = Mapping[str, Any]


@cache
def load_document() -> dict[str, Any]:
    """Return the packaged OpenAPI document."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_bytes())
    return document


def resolve(schema: Schema) -> Schema:
    """Return the schema or parameter that a reference names, or what was given."""
    while "$ref" in schema:
        kind, name = schema["$ref"].split("/")[-2:]
        schema = load_document()["components"][kind][name]
    return schema


def singular(word: str) -> str:
    """Return the singular of a path's segment: `discrepancies` is `discrepancy`."""
    for ending, replacement in (("ics", "ics"), ("ies", "y"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word


@dataclass(frozen=True)
class Operation:
    """An operation of the document, and the command that it becomes."""

    path: str
    method: str
    spec: Mapping[str, Any]

    @cached_property
    def segments(self) -> list[str]:
        """Return the parts of the path below the base."""
        return self.path.removeprefix(BASE).strip("/").split("/")

    @cached_property
    def noun(self) -> str:
        """Return the singular of the path's first segment."""
        return singular(self.segments[0])

    @cached_property
    def verb(self) -> str:
        """Return the operation's id without its noun: `create_trace` is `create`.

        Of two that differ by the plural, `create_checks` is `create-many`.
        """
        words = self.spec["operationId"].split("_")
        for name in (self.noun, self.segments[0]):
            noun = name.split("-")
            for at in range(len(words) - len(noun) + 1):
                before, after = words[:at], words[at + len(noun) :]
                if words[at : at + len(noun)] == noun:
                    full_name = "_".join([*before, *self.noun.split("-"), *after])
                    is_plural = name != self.noun and full_name in operation_ids()
                    return "-".join([*before, *after, *(["many"] if is_plural else [])])
        return "-".join(words)

    @cached_property
    def arguments(self) -> list[str]:
        """Return the names of the path's parameters, in order."""
        return [part[1:-1] for part in self.segments if part.startswith("{")]

    def parameters(self, place: str) -> dict[str, Schema]:
        """Return the parameters of a place (query, header) by name."""
        parameters = map(resolve, self.spec.get("parameters", ()))
        return {each["name"]: each for each in parameters if each["in"] == place}

    @cached_property
    def contents(self) -> Mapping[str, Any]:
        """Return the bodies that the operation takes, by media type."""
        contents: Mapping[str, Any] = self.spec.get("requestBody", {}).get("content", {})
        return contents

    @cached_property
    def body(self) -> Schema | None:
        """Return the schema of the JSON that is sent, alone or with a file."""
        if JSON in self.contents:
            return resolve(self.contents[JSON]["schema"])
        if MULTIPART in self.contents:
            return resolve(self.contents[MULTIPART]["schema"]["properties"]["document"])
        return None

    @cached_property
    def upload(self) -> tuple[str, str] | None:
        """Return the name and description of the file that may be sent, or None."""
        if NDJSON in self.contents:
            return "rows", "A file of JSON objects, one a line."
        parts = self.contents.get(MULTIPART, {}).get("schema", {}).get("properties", {})
        files = ((name, part["description"]) for name, part in parts.items() if name != "document")
        return next(files, None)

    @cached_property
    def has_json(self) -> bool:
        """Return whether the answer is JSON, rather than a file."""
        return any(JSON in each["content"] or (JSON,) for each in self.spec["responses"].values())

    @cached_property
    def result_path(self) -> str | None:
        """Return the path of the result that takes time, where this starts one."""
        path = f"{BASE}/{self.segments[0]}/{{{self.noun}_id}}/result"
        starts = self.method == "post" and (len(self.segments) == 1 or self.segments[-1] == "send")
        return path if starts and path in load_document()["paths"] else None


@cache
def operation_ids() -> frozenset[str]:
    """Return all operation ids."""
    return frozenset(each.spec["operationId"] for each in list_operations())


@cache
def list_operations() -> tuple[Operation, ...]:
    """Return all operations of the document."""
    paths = load_document()["paths"]
    return tuple(
        Operation(path, method, spec)
        for path, item in paths.items()
        for method, spec in item.items()
    )


@cache
def group_operations() -> dict[str, dict[str, Operation]]:
    """Return the operations by noun and verb; raises ValueError for two of one name."""
    groups: dict[str, dict[str, Operation]] = {}
    for operation in list_operations():
        group = groups.setdefault(operation.noun, {})
        if operation.verb in group:
            raise ValueError(f"two operations are salsa {operation.noun} {operation.verb}")
        group[operation.verb] = operation
    return groups


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
