"""Requests that an OpenAPI document allows: of each body and query what is required, and no more."""

from typing import Any

from tests.support.routes import ID

BY_FORMAT = {"date": "2026-03-20", "date-time": "2026-03-05T12:00:00Z", "uuid": ID}

BY_NAME = {"occurred_on": "2026-03-05", "country": "PRY", "state": "URY"}
"""What is written in a form that a schema does not tell."""


def example_of(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return the smallest value of a schema, by its example where it has one."""
    while "$ref" in schema:
        _, *names = schema["$ref"].split("/")
        schema = document
        for name in names:
            schema = schema[name]
    for choice in ("allOf", "oneOf", "anyOf"):
        if choice in schema:
            return example_of(schema[choice][0], document)
    for given in ("example", "default"):
        if given in schema:
            return schema[given]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            needed = schema.get("required", ())
            return {
                name: BY_NAME.get(name) or example_of(schema["properties"][name], document)
                for name in needed
            }
        case "array":
            return [example_of(schema["items"], document)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return BY_FORMAT.get(schema.get("format", ""), "X")


def body_of(operation: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return a body that an operation takes; None without one in JSON."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return content and example_of(content["schema"], document)


def query_of(operation: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that a query of an operation has to have."""
    parameters = [each for each in operation.get("parameters", ()) if each.get("in") == "query"]
    needed = [each for each in parameters if each.get("required")]
    return {each["name"]: example_of(each["schema"], document) for each in needed}
