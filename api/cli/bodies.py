"""Documents that a command takes from a file, judged as the body of a request is."""

from __future__ import annotations

from typing import IO, Any

import click
import orjson
from marshmallow import Schema, ValidationError

from api.said import as_messages
from salsa_ext.errors import Invalid

file_option = click.option("--file", "file", required=True, type=click.File("rb"), metavar="FILE",
                           help="JSON; a - reads standard input.")  # fmt: skip


def read_body(file: IO[bytes], schema: Schema) -> Any:
    """Return the value that the file's JSON makes by the schema of a request.

    Raises Invalid, which names each field by its path; a file that is no JSON ends the command.
    """
    try:
        said = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise click.ClickException(f"{file.name} is no JSON: {error}.") from None
    try:
        return schema.load(said)
    except ValidationError as error:
        found = as_messages(error.messages)
        raise Invalid({path or "(all)": said for path, said in found.items()}) from None
