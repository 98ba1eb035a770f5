"""Documents that a command takes from a file or from its options, judged as the body of a request is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import click
import orjson
from marshmallow import Schema, ValidationError

from api.said import as_messages
from salsa_ext.errors import Invalid

JSON = click.File("rb")
file_option = click.option("--file", "file", required=True, type=JSON, metavar="FILE",
                           help="JSON; a - reads standard input.")  # fmt: skip
instead_option = click.option("--file", "file", type=JSON, metavar="FILE",
                              help="All of it, as JSON; a - reads standard input.")  # fmt: skip


def taken(file: IO[bytes] | None, body: Mapping[str, Any], schema: Schema) -> Any:
    """Return the value of a file, or of the body that options make, never of both; raises Invalid."""
    if file is not None and body:
        raise click.UsageError("Give --file, or say it by arguments and options, not both.")
    return judged(dict(body), schema) if file is None else read_body(file, schema)


def read_body(file: IO[bytes], schema: Schema) -> Any:
    """Return the value that the file's JSON makes by the schema of a request.

    Raises Invalid, which names each field by its path; a file that is no JSON ends the command.
    """
    try:
        said = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{file.name} is no JSON: {error}.") from None
    return judged(said, schema)


def judged(said: Any, schema: Schema) -> Any:
    """Return the value that a body makes by the schema of a request; raises Invalid."""
    try:
        return schema.load(said)
    except ValidationError as error:
        found = as_messages(error.messages)
        raise Invalid({path or "(all)": said for path, said in found.items()}) from None
