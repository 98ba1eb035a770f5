"""Operations of the packaged OpenAPI document, and the nouns and verbs of their commands.

`make docs` writes the document, so that a new route has its command at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

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
