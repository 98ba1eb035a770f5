"""Multipart requests with a JSON `document` and a file, spooled before the transaction; downloads."""

import base64
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import IO, Any, Final, NamedTuple

from flask import Request, Response, g, request
from marshmallow import Schema
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.http.auth import SENDER
from api.http.context import without_turn
from api.http.json import BodyParser
from api.http.row_files import READERS, load_manifest, reject_file
from salsa_ext.core.batches import MAX_STREAMED_ITEMS
from salsa_ext.core.config import MIB
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.database.session import release_connection

MEDIA_TYPE: Final = "multipart/form-data"
MAX_BODY: Final = 64 * MIB
MAX_DOCUMENT: Final = MIB
PART_NAMES: Final = ("document", "manifest")
FileLoader = Callable[[IO[bytes], str, Schema], Collection[Any]]
TOO_LONG: Final = message("A part that is no file, and a document, have at most 1 MiB.")


class DocumentParser(BodyParser):
    """Strict parser of the `document` part."""

    def read_body(self, req: Request) -> bytes:
        """Return the bytes of the document; raises Invalid if too long."""
        body = _rewind(_part("document")).read(MAX_DOCUMENT + 1)
        if len(body) > MAX_DOCUMENT:
            reject_file(TOO_LONG, "document")
        return body


class NotMultipart(UnsupportedMediaType):
    """Body that has to be multipart/form-data."""

    problem: Final[Message] = message("Send the body as multipart/form-data.")


def is_multipart() -> bool:
    """Return whether the request is multipart."""
    return bool(request.mimetype == MEDIA_TYPE)


def spool_parts(names: tuple[str, str] = PART_NAMES, max_bytes: int | None = None) -> None:
    """Receive the two parts within size limits; raises Invalid, RequestEntityTooLarge."""
    if not is_multipart():
        return
    release_connection()
    max_bytes = max_bytes or MAX_BODY
    request.max_content_length, request.max_form_memory_size = max_bytes, MAX_DOCUMENT
    try:
        texts, files = (_part_names(kind) for kind in (request.form, request.files))
    except RequestEntityTooLarge:
        if (request.content_length or max_bytes + 1) > max_bytes:
            raise
        reject_file(TOO_LONG)
    file = names[1]
    if Counter(texts + files) != Counter(names):
        reject_file(
            message(
                "Send two parts: document, which is JSON, and {file}, which is a file.", file=file
            ),
            "document",
        )
    if file not in files:
        reject_file(message("Send the part {file} as a file: it has a filename.", file=file), file)


def _part_names(parts: MultiDict[str, Any]) -> list[str | None]:
    """Return the names of parts with repetitions; a name may be None."""
    return [name for name, _ in parts.items(multi=True)]


def parts_digest() -> bytes:
    """Return a digest of the parts, independent of boundaries."""
    digest = hashlib.sha256()
    for name in sorted({*request.form, *request.files}):
        part = _part(name)
        digest.update(part.mimetype.encode() + b"\0")
        stream: Any = _rewind(part)  # a file on disk or in memory, which IO[bytes] does not say
        digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.digest()


class Manifest(NamedTuple):
    """A document whose items come as a file: schemas of both, limit and reader of the file."""

    document: type[Schema]
    item: type[Schema]
    max_rows: int = MAX_STREAMED_ITEMS
    load_file: FileLoader = load_manifest

    def load(self) -> Any:
        """Load the document with the rows of the file as `items`.

        Raises Invalid for wrong fields or rows.
        """
        data, part = load_document(self.document), _part("manifest")
        if part.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            reject_file(message("The file is not in UTF-8."))
        return replace(data, items=self.load_file(_rewind(part), part.mimetype, self.item()))

    def describe(self) -> dict[str, Any]:
        """Describe both parts for OpenAPI."""
        rows = (
            f"Rows of {self.item.__name__.removesuffix('Request')}: CSV in UTF-8, with commas or"
            " semicolons, whose header names fields, or one JSON object a line; at most"
            f" {self.max_rows:,}, in 64 MiB."
        )
        return _describe_parts(self.document, "manifest", rows, ", ".join(READERS))


class Upload(NamedTuple):
    """A file of a document: limit of the body, description, conversion of an account's bytes."""

    max_bytes: int
    description: str
    convert: Callable[[bytes, str], Any]

    def receive(self, document: type[Schema]) -> None:
        """Receive the parts, load the document, then convert the file, before the transaction.

        An error of the file is raised later.
        """
        if not is_multipart():
            raise NotMultipart
        spool_parts(("document", "file"), self.max_bytes)
        g.document = load_document(document)
        try:
            with without_turn():
                received = _rewind(_part("file")).read()
                g.file_content = self.convert(received, request.environ[SENDER])
        except Invalid as error:
            g.file_content = error.with_traceback(None)  # whose frames hold the file open

    def load(self) -> tuple[Any, bytes, Any]:
        """Return the document, the bytes as received and what they were converted to."""
        if isinstance(content := g.pop("file_content"), Invalid):
            raise content
        return g.document, _rewind(_part("file")).read(), content

    def describe(self, document: type[Schema]) -> dict[str, Any]:
        """Describe both parts for OpenAPI."""
        return {"required": True} | _describe_parts(document, "file", self.description)


def load_document(schema: type[Schema]) -> Any:
    """Load the document of a multipart body; raises Invalid."""
    return DocumentParser().parse(schema(), request, location="json")


def _describe_parts(
    document: type[Schema], name: str, description: str, media_types: str | None = None
) -> dict[str, Any]:
    """Describe a document and a file for OpenAPI."""
    file = {"type": "string", "format": "binary", "description": description}
    shape = {
        "type": "object",
        "properties": {"document": document, name: file},
        "required": ["document", name],
        "additionalProperties": False,
    }
    kinds = {"document": {"contentType": "application/json"}}
    if media_types:
        kinds[name] = {"contentType": media_types}
    return {"content": {MEDIA_TYPE: {"schema": shape, "encoding": kinds}}}


def _part(name: str) -> FileStorage:
    """Return a part; a document may be sent as a text field."""
    if name in request.files:
        return request.files[name]
    text = request.form[name]
    if "\ufffd" in text:  # what werkzeug puts in the place of bytes that are no text
        reject_file(message("The file is not in UTF-8."), name)
    return FileStorage(io.BytesIO(text.encode()))


def _rewind(part: FileStorage) -> IO[bytes]:
    part.stream.seek(0)
    return part.stream


def send_file(body: bytes, media_type: str, sha256: bytes, name: str) -> Response:
    """Send a stored file as download; ETag and Repr-Digest (RFC 9530)."""
    response = send_attachment(body, media_type, name)
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(sha256).decode()}:"
    response.set_etag(sha256.hex())
    response.make_conditional(request)
    return response


def send_pdf(body: bytes, name: str) -> Response:
    """Send a PDF inline; the name is reduced to ASCII."""
    response = Response(body, content_type="application/pdf")
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "paper"
    response.headers["Content-Disposition"] = f'inline; filename="{plain}.pdf"'
    return response


def send_attachment(body: bytes | Iterable[bytes], media_type: str, name: str) -> Response:
    """Send bytes as download."""
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
