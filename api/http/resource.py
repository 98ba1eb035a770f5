"""Routes: authentication, permission, replay, If-Match, validation, one transaction."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial, wraps
from inspect import signature
from typing import Any, Final, NamedTuple

from flask import Response, current_app, g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.exceptions import UnsupportedMediaType

from api.http import batches, files, tables
from api.http.auth import authenticate
from api.http.context import transaction
from api.http.etags import remember_version, with_conditional_etag, with_etag, with_weak_etag
from api.http.idempotency import current_attempt, with_replay
from api.http.json import BodyParser, declared_size, receive_body
from api.http.pagination import ListQuery, link_header, list_body, list_schema, log_export
from api.http.request_limits import wait_for
from api.http.row_files import NDJSON
from salsa_ext.access.batches import RecordMany
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require, visitor
from salsa_ext.administration.audit import log_reads
from salsa_ext.core.errors import PreconditionRequired, StaleVersion, message
from salsa_ext.database.session import release_connection

View = Callable[..., Any]
BASE: Final = "/api/v1"
IF_MATCH = re.compile(r'"(\d{1,9})(?:\.[^"]*)?"')
SMALLEST_LIMIT: Final = 4 * 1024
"""Bytes that a body of any route may have."""
READ_HEADERS: Final = ("officer", "purpose", "case")


class Item(NamedTuple):
    """What the actions of a resource answer with: schema, view and version of one object.

    `load(actor, id)` returns the view after the action, `version(actor, id)` the version before it.
    """

    schema: type[Schema]
    load: View
    version: View | None = None


class Resource(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """Blueprint with the shared behaviour of all routes."""

    ARGUMENTS_PARSER = BodyParser()

    def __init__(self, name: str, description: str, item: Item | None = None) -> None:
        super().__init__(name, "api.routes", url_prefix=BASE, description=description)
        self.item = item
        self._prepare_doc_cbks.append(_document_headers)

    def listing(
        self,
        path: str,
        query: type[ListQuery],
        item: type[Schema],
        read: View,
        permission: Permission,
        *,
        name: str | None = None,
    ) -> None:
        """Add a GET of a list, as JSON, CSV or XLSX.

        `read(actor, filters, limit, cursor, **path)` returns a Page.
        """
        noun = path.rpartition("/")[2]

        def view(filters: dict[str, Any], **ids: Any) -> Any:
            limit, cursor = filters.pop("limit"), filters.pop("cursor", None)
            form = tables.requested_format(filters.pop("format", None))
            page = read(g.actor, filters, limit, cursor, **ids)
            if form:
                log_export(noun, form, len(page.items), query(), filters, ids)
                return tables.list_response(form, item(), page.items, noun, link_header(page))
            return list_body(page), link_header(page)

        view.__doc__ = _summary(read) or f"Return a page of {noun}, newest first."
        documented = self.doc(
            responses={
                200: {
                    "content": tables.describe_files(("text/csv", tables.XLSX_TYPE)),
                    "headers": {"Link": "Link", "ETag": "ETag"},
                }
            }
        )(
            self.response(200, list_schema(item))(
                self.arguments(query(), location="query", unknown=None)(view)
            )
        )
        name = name or read.__name__
        self._add(path, "GET", with_conditional_etag(documented), name, permission, READ_HEADERS)

    def reading(
        self,
        path: str,
        answer: type[Schema] | None,
        read: View,
        permission: Permission | None,
        query: type[Schema] | None = None,
        *,
        name: str | None = None,
        media_types: Collection[str] = (),
        ignored_field: str | None = None,
        is_public: bool = False,
        is_done: Callable[..., bool] | None = None,
    ) -> None:
        """Add a GET of one object or file.

        `read(actor, **path, **query)` returns it, or a Response of one of `media_types`.
        `ignored_field`: a time field, ignored in a weak ETag. `is_public`: by a visitor, too.
        `is_done(actor, **path)`: until then a request waits for the seconds of its query's `wait`.
        """

        def view(*arguments: Any, **ids: Any) -> Any:
            fields = arguments[0] if arguments else {}
            result = read(g.actor, **ids, **fields)
            log_reads(g.actor, ids)
            is_file = answer is None and isinstance(result, Response)
            return tables.as_requested(result) if is_file else remember_version(result)

        def public_view(*arguments: Any, **ids: Any) -> Any:
            g.actor = authenticate() if "Authorization" in request.headers else visitor()
            with transaction(g.actor):
                return read(g.actor, **ids, **(arguments[0] if arguments else {}))

        view.__doc__ = public_view.__doc__ = _summary(read)
        inner: View = public_view if is_public else view
        inner = self.arguments(query(), location="query", unknown=None)(inner) if query else inner
        inner = self.response(200, answer)(inner)
        kinds = media_types if answer else (*media_types, tables.OCTETS)
        documented = {"content": tables.describe_files(kinds)} if media_types else {}
        has_etag = answer is not None and not is_public
        headers = {"headers": {"ETag": "ETag"}} if has_etag else {}
        inner = self.doc(responses={200: documented | headers})(inner)
        if has_etag:
            inner = with_weak_etag(inner, ignored_field) if ignored_field else inner
            inner = with_conditional_etag(inner)
        name = name or read.__name__
        if is_public:
            may_have_key = {"description": "Needs no key.", "security": [{}, {"key": []}]}
            inner = self.doc(operationId=name, **may_have_key)(inner)
            self.add_url_rule(path, name, inner, methods=["GET"])
        else:
            wait = partial(wait_for, is_done) if is_done else None
            self._add(path, "GET", inner, name, permission, READ_HEADERS, wait)

    def action(
        self,
        path: str,
        body: type[Schema] | None,
        command: View,
        permission: Permission,
        summary: str,
        *,
        name: str | None = None,
        status: int = 200,
        location: str | None = None,
        **options: Any,
    ) -> None:
        """Add a POST of a command, answered with the item after it.

        The command gets what it names: `data` (else the fields of the body) and
        `expected_version`, which makes If-Match required. With `location` it returns the id of a
        new object. The name is by default the last word of the path and the noun of its id.
        """
        assert self.item
        schema, load, version = self.item
        parameters = signature(command).parameters

        def act(actor: Any, *data: Any, **ids: Any) -> Any:
            arguments = (
                {"data": data[0]} if data and "data" in parameters else data[0] if data else {}
            )
            if "expected_version" in parameters:
                arguments["expected_version"] = g.expected_version
            result = command(actor=actor, **ids, **arguments)
            return load(actor, result if location else next(iter(ids.values()), None))

        noun = re.search(r":(\w+)_id>", path)
        act.__name__ = name or f"{path.rpartition('/')[2]}_{noun[1] if noun else ''}"
        act.__doc__ = summary
        self.posting(
            path,
            body,
            schema,
            permission,
            status=201 if location else status,
            version=version if "expected_version" in parameters else None,
            location=location,
            **options,
        )(act)

    def posting(
        self,
        path: str,
        body: type[Schema] | None,
        answer: type[Schema] | None,
        permission: Permission | None,
        *,
        status: int = 201,
        version: View | None = None,
        is_optional: bool = False,
        location: str | None = None,
        manifest: files.Manifest | None = None,
        upload: files.Upload | None = None,
        lines: Sequence[type[Schema]] = (),
        max_body: int | None = None,
        is_current: Callable[[bytes], bool] | None = None,
    ) -> Callable[[View], View]:
        """Add a POST (decorator).

        `command(actor, data, **path)` returns the answer. `version(actor, *path)` returns the
        current version and makes If-Match required. `is_optional`: the body may be omitted.
        `location`: address of the new object below the base, with `{id}` of the answer.
        `manifest`: the items of the body may come as a file with it. `upload`: the body comes
        with a file: `command(actor, data, received, content, **path)`. `lines`: schemas of an
        answer line by line in transactions of its own: `command(actor, data, attempt)`, where
        `attempt` is None without Idempotency-Key. `max_body`: bytes of JSON, by default what the
        schema declares. `is_current`: whether a stored answer may still be shown.
        """

        def decorate(command: View) -> View:
            @wraps(command)
            def view(*data: Any, **ids: Any) -> Any:
                if lines:
                    release_connection()  # each part of the answer takes a connection for itself
                    streamed = command(g.actor, *data, current_attempt(may_be_parts=True))
                    return tables.as_requested(streamed)
                return remember_version(command(g.actor, *data, **ids))

            inner: View = view
            if upload and body:
                inner = self.doc(requestBody=upload.describe(body))(_with_upload(view, upload))
            elif body:
                inner = self.arguments(body(), required=not is_optional)(view)
            if manifest:
                inner = self.doc(requestBody=manifest.describe())(
                    _with_manifest(inner, view, manifest)
                )
            inner = self.response(status, None if lines else answer)(inner)
            inner = self.doc(responses={status: _describe_answer(answer, location, lines)})(inner)
            in_parts = bool(manifest or upload)
            if not lines:
                inner = with_etag(inner)
                inner = _with_if_match(inner, version) if version else inner
                inner = with_replay(inner, in_parts, is_current)
                inner = _with_location(inner, location) if location else inner
            declared = declared_size(body()) if body else 0
            limit = max_body or max(SMALLEST_LIMIT, declared)
            receive = partial(_read_body, limit, bool(body and not is_optional), in_parts)
            self._add(
                path,
                "POST",
                inner,
                command.__name__,
                permission,
                ("officer", "key", "match") if version else ("officer", "key"),
                partial(upload.receive, body) if upload and body else receive,
                is_one_transaction=not lines,
            )
            return command

        return decorate

    def batch(
        self,
        path: str,
        row: type[Schema],
        record_many: RecordMany,
        permission: Permission,
        find_used: batches.FindUsed | None = None,
    ) -> None:
        """Add a POST of up to 1,000 documents as NDJSON, each recorded by itself.

        `record_many(actor=…, batch=…)` returns their ids, all or none. `find_used(actor, batch)`
        returns an error for each whose number is used already.
        """
        noun = path.strip("/")

        def view() -> Response:
            return tables.as_requested(batches.record_rows(g.actor, record_many, find_used))

        view.__doc__ = (
            f"Create up to 1,000 {noun}, a JSON object a line; each is answered by itself."
        )
        documented = self.doc(
            requestBody=batches.describe_rows(row),
            responses={200: _describe_answer(None, None, batches.LINES)},
        )(self.response(200)(view))
        self._add(
            f"{path}/batch",
            "POST",
            with_replay(documented, False, media_type=NDJSON),
            f"create_{noun}",
            permission,
            ("officer", "key"),
            partial(batches.receive_rows, row),
        )

    def _add(
        self,
        path: str,
        method: str,
        view: View,
        name: str,
        permission: Permission | None,
        headers: tuple[str, ...],
        prepare: Callable[[], None] | None = None,
        is_one_transaction: bool = True,
    ) -> None:
        """Add a route whose endpoint and operation id are `name`; `prepare` precedes its transaction."""
        needs = f"Needs the permission `{permission}`." if permission else "Any key will do."

        @wraps(view)
        def run(*args: Any, **ids: Any) -> Any:
            g.actor = authenticate()
            if permission:
                require(g.actor, permission)
            if prepare:
                prepare()
            if not is_one_transaction:
                return view(*args, **ids)
            with transaction(g.actor):
                return view(*args, **ids)

        documented = self.doc(
            description=needs,
            operationId=name,
            **{"x-permission": str(permission) if permission else None},
        )(run)
        documented._apidoc["headers"] = headers
        self.add_url_rule(path, name, documented, methods=[method])


def _document_headers(doc: dict[str, Any], info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the headers, by their names in the components, after the query parameters."""
    doc.setdefault("parameters", []).extend(info.get("headers", ()))
    return doc


def _summary(read: View) -> str:
    """Return the first docstring line without its errors."""
    first = (read.__doc__ or "").partition("\n")[0]
    return first.partition("; raises")[0].rstrip(".") + "." if first else ""


def _describe_answer(
    answer: type[Schema] | None, location: str | None, lines: Sequence[type[Schema]]
) -> dict[str, Any]:
    """Describe headers and lines of an answer for OpenAPI."""
    if lines:
        content = {NDJSON: {"schema": {"oneOf": list(lines)}}}
        return {"content": content | tables.describe_files((tables.OCTETS,))}
    names = (["ETag"] if answer else []) + (["Location"] if location else [])
    return {"headers": {name: name for name in names}} if names else {}


def _read_body(limit: int, needs_body: bool, may_be_parts: bool) -> None:
    """Read the body, `limit` bytes; raises UnsupportedMediaType, RequestEntityTooLarge."""
    request.max_content_length = min(limit, current_app.config["MAX_CONTENT_LENGTH"])
    in_parts = may_be_parts and files.is_multipart()
    if (needs_body or request.content_length) and not (request.is_json or in_parts):
        raise UnsupportedMediaType
    if in_parts:
        files.spool_parts()
    else:
        receive_body(request)


def _with_upload(view: View, upload: files.Upload) -> View:
    @wraps(view)
    def run(**ids: Any) -> Any:
        return view(*upload.load(), **ids)

    return run


def _with_manifest(as_json: View, view: View, manifest: files.Manifest) -> View:
    @wraps(as_json)
    def run(*args: Any, **ids: Any) -> Any:
        return view(manifest.load(), **ids) if files.is_multipart() else as_json(**ids)

    return run


def _with_if_match(view: View, version: View) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        given, current = request.headers.get("If-Match"), version(g.actor, *ids.values())
        if given is None:
            raise PreconditionRequired(message("Send the ETag of what you read as If-Match."))
        if (match := IF_MATCH.fullmatch(given)) is None:
            raise PreconditionRequired(
                message(
                    "If-Match is the ETag as it was given, one and strong, in its"
                    ' quotation marks, such as "1.en.0123456789ab".'
                )
            )
        if int(match[1]) != current:
            raise StaleVersion
        g.expected_version = int(match[1])
        return view(*args, **ids)

    return run


def _with_location(view: View, location: str) -> View:
    """Add the address of the new object to the answer, also of a repeated request."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = view(*args, **ids)
        response.headers["Location"] = BASE + location.format(id=response.get_json()["id"])
        return response

    return run
