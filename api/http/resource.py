"""Routes: authentication, permission, replay, If-Match, validation, one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial, wraps
from typing import Any, ClassVar, NoReturn

from flask import g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.exceptions import UnsupportedMediaType

from api.http import manifests, multipart, tables
from api.http.auth import CASE_PATTERN, OFFICER_PATTERN, authenticate
from api.http.context import transaction
from api.http.etags import remember_version, with_conditional_etag, with_etag, with_weak_etag
from api.http.files import send_file, send_pdf
from api.http.idempotency import IDEMPOTENCY_KEY, current_attempt, with_replay
from api.http.json import BodyParser, read_long_body
from api.http.manifests import NDJSON
from api.http.pagination import LINK_HEADER_DOC, ListQuery, link_header, list_body, list_schema
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require, visitor
from salsa_ext.core.codes import PURPOSES
from salsa_ext.core.errors import Invalid, PreconditionRequired, StaleVersion, message
from salsa_ext.database.session import release_connection

View = Callable[..., Any]
Parts = tuple[type[Schema], type[Schema]]
MediaTypes = Collection[str]
IF_MATCH = re.compile(r'"(\d{1,9})(?:\.[^"]*)?"')
HEADER_DOCS = {
    "officer": {
        "in": "header",
        "name": "Salsa-Officer",
        "required": False,
        "schema": {"type": "string", "pattern": f"^{OFFICER_PATTERN.pattern}$"},
        "description": "The officer's own number in the agency, never a name.",
    },
    "purpose": {
        "in": "header",
        "name": "Salsa-Purpose",
        "required": False,
        "schema": {"type": "string", "enum": list(PURPOSES)},
        "description": "Why another state's record is read; see the purposes of a check.",
    },
    "case": {
        "in": "header",
        "name": "Salsa-Case",
        "required": False,
        "schema": {"type": "string", "pattern": f"^{CASE_PATTERN.pattern}$"},
        "description": "The case number.",
    },
    "key": {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
        "description": "Sent again with the same body, the first answer is given again.",
    },
    "match": {
        "in": "header",
        "name": "If-Match",
        "required": False,
        "schema": {"type": "string", "pattern": f"^{IF_MATCH.pattern}$"},
        "description": "The ETag of what was read; an action needs it. Of it the version is compared,"
        " which stands before the first point: the language and the view in"
        " which it was read do not matter.",
    },
}


class Resource(Blueprint):
    """Blueprint with the shared behaviour of all routes.

    Each route names its permission, checked first; None means any key. The command requires it
    again.
    """

    ARGUMENTS_PARSER = BodyParser()
    first_with: ClassVar[dict[str, str]] = {}
    """Where the documentation shows the first route that needs a permission."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, f"api.routes.{name}", url_prefix="/api/v1", description=description)
        self._prepare_doc_cbks.append(_document_headers)

    def listing(
        self,
        path: str,
        query: type[ListQuery],
        item: type[Schema],
        read: View,
        permission: Permission,
    ) -> None:
        """Add a GET of a list.

        `read(actor, filters, limit, cursor, **path)` returns a Page.
        """
        name = path.rpartition("/")[2]

        def view(filters: dict[str, Any], **ids: Any) -> Any:
            limit, cursor = filters.pop("limit"), filters.pop("cursor", None)
            form = tables.requested_format(filters.pop("format", None))
            page = read(g.actor, filters, limit, cursor, **ids)
            if form:
                return tables.list_response(form, item(), page.items, name, link_header(page))
            return list_body(page), link_header(page)

        view.__doc__ = _summary(read) or f"Return a page of {name}, newest first."
        inner = self.arguments(query(), location="query", unknown=None)(view)
        inner = self.response(200, list_schema(item))(inner)
        inner = self.doc(
            responses={200: {"content": tables.TABLE_CONTENT, "headers": LINK_HEADER_DOC}}
        )(inner)
        self._add(
            path,
            "GET",
            with_conditional_etag(inner),
            f"list_{_path_slug(path)}",
            permission,
            ("officer", "purpose", "case"),
        )

    def reading(
        self,
        path: str,
        answer: type[Schema],
        read: View,
        permission: Permission | None,
        query: type[Schema] | None = None,
        as_file: bool = False,
        passing: str | None = None,
    ) -> None:
        """Add a GET of one object.

        `read(actor, **path, **query)` returns it. `as_file`: may be answered as a file. `passing`:
        a time field, ignored in a weak ETag.
        """

        def view(*arguments: Any, **ids: Any) -> Any:
            fields = arguments[0] if arguments else {}
            return remember_version(read(g.actor, **ids, **fields))

        view.__doc__ = _summary(read)
        inner = self.arguments(query(), location="query", unknown=None)(view) if query else view
        inner = self.response(200, answer)(inner)
        if as_file:
            inner = self.doc(responses={200: {"content": tables.TABLE_CONTENT}})(inner)
        shown = with_weak_etag(inner, passing) if passing else inner
        self._add(
            path,
            "GET",
            with_conditional_etag(shown),
            f"get_{_path_slug(path)}",
            permission,
            ("officer", "purpose", "case"),
        )

    def publishing(self, path: str, answer: type[Schema], read: View) -> None:
        """Add a public GET without key: `read()`."""

        def view() -> Any:
            with transaction(visitor()):
                return read()

        view.__doc__ = _summary(read)
        documented = self.doc(
            description="Needs no key.",
            operationId=_camel_case(f"get_{_path_slug(path)}"),
            security=[],
        )(self.response(200, answer)(view))
        self.add_url_rule(path, f"get_{_path_slug(path)}", documented, methods=["GET"])

    def printing(self, path: str, render: View, permission: Permission) -> None:
        """Add a GET of a PDF.

        `render(actor, **path)` returns bytes and file name.
        """

        def view(**ids: Any) -> Any:
            return send_pdf(*render(g.actor, **ids))

        view.__doc__ = _summary(render)
        content = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
        inner = self.response(200)(view)
        inner = self.doc(responses={200: {"content": content}})(inner)
        self._add(path, "GET", inner, f"get_{_path_slug(path)}", permission, ("officer",))

    def posting(
        self,
        path: str,
        body: type[Schema] | None,
        answer: type[Schema] | None,
        permission: Permission,
        *,
        status: int = 201,
        standing: View | None = None,
        parts: Parts | None = None,
        is_optional: bool = False,
    ) -> Callable[[View], View]:
        """Add a POST (decorator).

        `command(actor, data, **path)` returns the answer. `standing(actor, **path)` returns the
        current version and makes If-Match required. `parts`: schemas of a multipart body.
        `is_optional`: the body may be omitted.
        """

        def decorate(command: View) -> View:
            @wraps(command)
            def view(*data: Any, **ids: Any) -> Any:
                return remember_version(command(g.actor, *data, **ids))

            inner = self.arguments(body(), required=not is_optional)(view) if body else view
            if parts:
                inner = self.doc(requestBody=multipart.describe_body(*parts))(
                    _with_parts(inner, view, parts)
                )
            inner = with_etag(self.response(status, answer)(inner))
            if standing:
                inner = _with_if_match(inner, standing)
            in_parts, is_needed = parts is not None, body is not None and not is_optional
            kept = with_replay(inner, in_parts)
            headers = ("officer", "key", "match") if standing else ("officer", "key")
            self._add(
                path,
                "POST",
                kept,
                command.__name__,
                permission,
                headers,
                partial(_read_body, is_needed, multipart.spool_parts if parts else None),
            )
            return command

        return decorate

    def uploading(
        self,
        path: str,
        document: type[Schema],
        answer: type[Schema],
        permission: Permission,
        *,
        most: int,
        described: str,
        taking: Callable[[bytes], Any],
    ) -> Callable[[View], View]:
        """Add a POST of a document and a file (decorator).

        `command(actor, data, received, taken, **path)`. The body, at most `most` bytes, is read and
        converted by `taking` before the transaction; its errors follow those of the document.
        """
        named, body = (
            ("document", "file"),
            multipart.describe_file_body(document, "file", described),
        )

        def decorate(command: View) -> View:
            @wraps(command)
            def view(**ids: Any) -> Any:
                data, received = multipart.load_document_and_file(document, "file")
                return remember_version(command(g.actor, data, received, g.pop("taken")(), **ids))

            inner = self.doc(requestBody=body)(self.response(201, answer)(view))
            kept = with_replay(with_etag(inner), may_be_parts=True)
            self._add(
                path,
                "POST",
                kept,
                command.__name__,
                permission,
                ("officer", "key"),
                lambda: _read_file(named, most, taking),
            )
            return command

        return decorate

    def streaming(
        self,
        path: str,
        body: type[Schema],
        lines: Sequence[type[Schema]],
        permission: Permission,
        *,
        parts: Parts,
        taking: multipart.FileLoader,
        most: int,
    ) -> Callable[[View], View]:
        """Add a POST answered line by line, in several transactions.

        `command(actor, data, attempt)` returns the response; `attempt` is None without
        Idempotency-Key. A file has at most `most` rows, read by `taking`.
        """

        def decorate(command: View) -> View:
            @wraps(command)
            def view(data: Any) -> Any:
                release_connection()  # each part of the answer takes a connection for itself
                return command(g.actor, data, current_attempt(may_be_parts=True))

            inner = self.arguments(body())(view)
            inner = self.doc(requestBody=multipart.describe_body(*parts, most))(
                _with_parts(inner, view, parts, taking)
            )
            said = {"schema": {"oneOf": list(lines)}}
            inner = self.doc(responses={200: {"content": {NDJSON: said}}})(
                self.response(200)(inner)
            )
            self._add(
                path,
                "POST",
                inner,
                command.__name__,
                permission,
                ("officer", "key"),
                partial(_read_body, True, multipart.spool_parts),
                is_one_transaction=False,
            )
            return command

        return decorate

    def handing_out(self, path: str, read: View, permission: Permission, kinds: MediaTypes) -> None:
        """Add a GET of a stored file.

        `read(actor, **path)` returns a StoredFile.
        """

        def view(**ids: Any) -> Any:
            return send_file(read(g.actor, **ids))

        view.__doc__ = _summary(read)
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
        inner = self.response(200)(view)
        inner = self.doc(responses={200: {"content": content}})(inner)
        self._add(
            path,
            "GET",
            inner,
            f"get_{_path_slug(path)}",
            permission,
            ("officer", "purpose", "case"),
        )

    def _add(
        self,
        path: str,
        method: str,
        view: View,
        endpoint: str,
        permission: Permission | None,
        headers: tuple[str, ...],
        before: Callable[[], None] | None = None,
        is_one_transaction: bool = True,
    ) -> None:
        needs = f"Needs the permission `{permission}`." if permission else "Any key will do."
        operation = _camel_case(endpoint)
        if permission:
            self.first_with.setdefault(permission, f"{self.name}/{operation}")
        documented = self.doc(
            description=needs,
            operationId=operation,
            **{"x-permission": str(permission) if permission else None},
        )(
            _with_permission(
                _with_transaction(view) if is_one_transaction else view, permission, before
            )
        )
        documented._apidoc["headers"] = headers
        self.add_url_rule(path, endpoint, documented, methods=[method])


def _document_headers(doc: dict[str, Any], info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the headers after the query parameters."""
    doc.setdefault("parameters", []).extend(HEADER_DOCS[name] for name in info.get("headers", ()))
    return doc


def _summary(read: View) -> str:
    """Return the first docstring line without its errors."""
    first = (read.__doc__ or "").partition("\n")[0]
    return first.partition("; raises")[0].rstrip(".") + "." if first else ""


def _path_slug(path: str) -> str:
    return re.sub(r"[^a-z]+", "_", re.sub(r"<[^>]*>", "one", path)).strip("_")


def _camel_case(endpoint: str) -> str:
    """Return the operation id; Swagger UI breaks links with underscores."""
    return re.sub(r"_+(\w)", lambda found: found[1].upper(), endpoint)


def _with_permission(
    view: View, permission: Permission | None, before: Callable[[], None] | None
) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        g.actor = authenticate()
        if permission:
            require(g.actor, permission)
        if before:
            before()
        return view(*args, **ids)

    return run


def _read_body(needs_body: bool, spool: Callable[[], None] | None) -> None:
    """Read the body before the transaction; raises UnsupportedMediaType.

    `spool` receives multipart bodies.
    """
    in_parts = spool is not None and multipart.is_multipart()
    if (needs_body or request.content_length) and not (request.is_json or in_parts):
        raise UnsupportedMediaType
    if spool and in_parts:
        spool()
    else:
        read_long_body(request)


def _read_file(named: tuple[str, str], most: int, taking: Callable[[bytes], Any]) -> None:
    """Receive the parts and convert the file before the transaction."""
    if not multipart.is_multipart():
        raise multipart.NotMultipart
    multipart.spool_parts(named, most)
    g.taken = _defer_error(taking, multipart.file_bytes(named[1]))


def _defer_error(taking: Callable[[bytes], Any], received: bytes) -> Callable[[], Any]:
    """Return a function that returns the result or raises its error."""
    try:
        made = taking(received)
    except Invalid as error:
        return partial(_raise, error.with_traceback(None))  # whose frames hold the file open
    return lambda: made


def _raise(error: Exception) -> NoReturn:
    raise error


def _with_transaction(view: View) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        with transaction(g.actor):
            return view(*args, **ids)

    return run


def _with_parts(
    as_json: View, view: View, parts: Parts, taking: multipart.FileLoader = manifests.load_manifest
) -> View:
    @wraps(as_json)
    def run(*args: Any, **ids: Any) -> Any:
        if multipart.is_multipart():
            return view(multipart.load_parts(*parts, taking), **ids)
        return as_json(**ids)

    return run


def _with_if_match(view: View, standing: View) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        given, current = request.headers.get("If-Match"), standing(g.actor, **ids)
        if given is None:
            raise PreconditionRequired(message("Send the ETag of what you read as If-Match."))
        if (found := IF_MATCH.fullmatch(given)) is None:
            raise PreconditionRequired(
                message(
                    "If-Match is the ETag as it was given, one and strong, in its"
                    ' quotation marks, such as "1.en.0123456789ab".'
                )
            )
        if int(found[1]) != current:
            raise StaleVersion
        g.expected_version = int(found[1])
        return view(*args, **ids)

    return run
