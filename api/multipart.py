"""Requests of two parts: `document`, which is JSON, and a file that may be long, such as `manifest`.

The parts are spooled to disk before the transaction begins, so that a slow sender keeps no
connection to the database waiting.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import IO, Any, Final

from flask import Request, request
from marshmallow import Schema
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.json import BodyParser
from api.manifests import take
from api.rows import READERS, refuse
from salsa_ext.config import MIB
from salsa_ext.db import let_go
from salsa_ext.errors import Message, say
from salsa_ext.values.manifests import MOST_STREAMED

TYPE: Final = "multipart/form-data"
MOST: Final = 64 * MIB
MOST_OF_A_DOCUMENT: Final = MIB
PARTS: Final = ("document", "manifest")
Taking = Callable[[IO[bytes], str, Schema], Collection[Any]]
TOO_LONG: Final = say("A part that is no file, and a document, have at most 1 MiB.")


class DocumentParser(BodyParser):
    """Reads the document of a request in parts, as strictly as a body."""

    def read_body(self, req: Request) -> bytes:
        """Return the JSON of the document; raises Invalid where it is too long."""
        body = _rewound(_part("document")).read(MOST_OF_A_DOCUMENT + 1)
        if len(body) > MOST_OF_A_DOCUMENT:
            refuse(TOO_LONG, "document")
        return body


class NotInParts(UnsupportedMediaType):
    """A body that is not in parts where nothing else will do; `said` tells so."""

    said: Final[Message] = say("Send the body as multipart/form-data.")


def is_multipart() -> bool:
    """Tell whether the request comes in parts."""
    return bool(request.mimetype == TYPE)


def spool(named: tuple[str, str] = PARTS, most: int | None = None) -> None:
    """Take the parts in, within limits of their own; raises Invalid for parts that are not these two.

    Raises RequestEntityTooLarge for a body that is too large.
    """
    if not is_multipart():
        return
    let_go()
    most = most or MOST
    request.max_content_length, request.max_form_memory_size = most, MOST_OF_A_DOCUMENT
    try:
        texts, files = (_names(kind) for kind in (request.form, request.files))
    except RequestEntityTooLarge:
        if (request.content_length or most + 1) > most:
            raise
        refuse(TOO_LONG)
    file = named[1]
    if Counter(texts + files) != Counter(named):
        refuse(
            say("Send two parts: document, which is JSON, and {file}, which is a file.", file=file),
            "document",
        )
    if file not in files:
        refuse(say("Send the part {file} as a file: it has a filename.", file=file), file)


def _names(parts: MultiDict[str, Any]) -> list[str | None]:
    """Return the names of parts, as often as each comes; a part may have none."""
    return [name for name, _ in parts.items(multi=True)]


def digest() -> bytes:
    """Return what tells these parts from others, wherever the boundaries between them are."""
    told = hashlib.sha256()
    for name in sorted({*request.form, *request.files}):
        part = _part(name)
        told.update(part.mimetype.encode() + b"\0")
        told.update(hashlib.file_digest(_rewound(part), "sha256").digest())
    return told.digest()


def read(document: type[Schema], item: type[Schema], taking: Taking = take) -> Any:
    """Return what the document is, with the items that are taken from the manifest as its `items`.

    Raises Invalid that names what is wrong: fields of the document, or rows of the manifest.
    """
    data, part = DocumentParser().parse(document(), request, location="json"), _part("manifest")
    if part.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        refuse(say("The file is not in UTF-8."))
    return replace(data, items=taking(_rewound(part), part.mimetype, item()))


def body(document: type[Schema], item: type[Schema], most: int = MOST_STREAMED) -> dict[str, Any]:
    """Return how the OpenAPI document describes such a body, with `most` rows of its manifest."""
    rows = (f"Rows of {item.__name__.removesuffix('Request')}: CSV in UTF-8, with commas or semicolons, whose"
            f" header names fields, or one JSON object a line; at most {most:,}, in 64 MiB.")  # fmt: skip
    parts = {"document": document,
             "manifest": {"type": "string", "format": "binary", "description": rows}}  # fmt: skip
    shape = {"type": "object", "properties": parts, "required": list(PARTS),
             "additionalProperties": False}  # fmt: skip
    kinds = {"document": {"contentType": "application/json"},
             "manifest": {"contentType": ", ".join(READERS)}}  # fmt: skip
    return {"content": {TYPE: {"schema": shape, "encoding": kinds}}}


def read_file(document: type[Schema], name: str) -> tuple[Any, bytes]:
    """Return what the document is, and the bytes of the file beside it; raises Invalid."""
    data = DocumentParser().parse(document(), request, location="json")
    return data, file_of(name)


def file_of(name: str) -> bytes:
    """Return the bytes of a file that was taken in."""
    return _rewound(_part(name)).read()


def file_body(document: type[Schema], name: str, described: str) -> dict[str, Any]:
    """Return how the OpenAPI document describes a body with a file."""
    file = {"type": "string", "format": "binary", "description": described}
    shape = {"type": "object", "properties": {"document": document, name: file},
             "required": ["document", name], "additionalProperties": False}  # fmt: skip
    kinds = {"document": {"contentType": "application/json"}}
    return {"required": True, "content": {TYPE: {"schema": shape, "encoding": kinds}}}


def _part(name: str) -> FileStorage:
    """Return a part; a document may come without a file's name, as a text."""
    if name in request.files:
        return request.files[name]
    text = request.form[name]
    if "\ufffd" in text:  # what werkzeug puts in the place of bytes that are no text
        refuse(say("The file is not in UTF-8."), name)
    return FileStorage(io.BytesIO(text.encode()))


def _rewound(part: FileStorage) -> IO[bytes]:
    part.stream.seek(0)
    return part.stream
