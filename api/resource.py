"""How a route is made: authenticate, permit, replay, If-Match, validate, command.

Resources say what is special of a route in a few lines; everything that all routes share is here,
and all of it in one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import partial, wraps
from typing import Any, ClassVar, NoReturn

from flask import g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.exceptions import UnsupportedMediaType

from api import manifests, multipart, tables
from api.auth import CASE, OFFICER, authenticate
from api.etags import conditional, etagged, tagged, weakly
from api.handed import pdf, sent
from api.json import BodyParser, take_in_long
from api.pagination import LINK, ListQuery, links, list_body, list_schema
from api.replays import IDEMPOTENCY_KEY, attempt_of, replayed
from api.rows import NDJSON
from api.transaction import transaction
from salsa_ext.db import let_go
from salsa_ext.errors import Invalid, PreconditionRequired, StaleVersion, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require, visitor
from salsa_ext.values.codes import PURPOSES

View = Callable[..., Any]
Parts = tuple[type[Schema], type[Schema]]
Kinds = Collection[str]
IF_MATCH = re.compile(r'"(\d{1,9})(?:\.[^"]*)?"')
HEADERS = {
    "officer": {"in": "header", "name": "Salsa-Officer", "required": False,
                "schema": {"type": "string", "pattern": f"^{OFFICER.pattern}$"},
                "description": "The officer's own number in the agency, never a name."},
    "purpose": {"in": "header", "name": "Salsa-Purpose", "required": False,
                "schema": {"type": "string", "enum": list(PURPOSES)},
                "description": "Why another state's record is read; see the purposes of a check."},
    "case": {"in": "header", "name": "Salsa-Case", "required": False,
             "schema": {"type": "string", "pattern": f"^{CASE.pattern}$"},
             "description": "The case number."},
    "key": {"in": "header", "name": "Idempotency-Key", "required": False,
            "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY.pattern}$"},
            "description": "Sent again with the same body, the first answer is given again."},
    "match": {"in": "header", "name": "If-Match", "required": False,
              "schema": {"type": "string", "pattern": f"^{IF_MATCH.pattern}$"},
              "description": "The ETag of what was read; an action needs it. Of it the version is compared,"
                             " which stands before the first point: the language and the view in"
                             " which it was read do not matter."},
}  # fmt: skip


class Resource(Blueprint):
    """A blueprint whose routes keep the house rules.

    Each route names the permission that it needs, which is seen to before anything else of the
    request is; None stands for any key. The command behind it requires it again.
    """

    ARGUMENTS_PARSER = BodyParser()
    first_with: ClassVar[dict[str, str]] = {}
    """Where the documentation shows the first route that needs a permission."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            name, f"api.resources.{name}", url_prefix="/api/v1", description=description
        )
        self._prepare_doc_cbks.append(_document_headers)

    def listing(
        self, path: str, query: type[ListQuery], item: type[Schema], read: View,
        permission: Permission,
    ) -> None:  # fmt: skip
        """Add a GET of pages: `read(actor, filters, limit, cursor, **path)` returns a Page."""
        name = path.rpartition("/")[2]

        def view(filters: dict[str, Any], **ids: Any) -> Any:
            limit, cursor = filters.pop("limit"), filters.pop("cursor", None)
            form = tables.wanted(filters.pop("format", None))
            page = read(g.actor, filters, limit, cursor, **ids)
            if form:
                return tables.render(form, item(), page.items, name, links(page))
            return list_body(page), links(page)

        view.__doc__ = _summary(read) or f"Return a page of {name}, newest first."
        inner = self.arguments(query(), location="query", unknown=None)(view)
        inner = self.response(200, list_schema(item))(inner)
        inner = self.doc(responses={200: {"content": tables.CONTENT, "headers": LINK}})(inner)
        self._add(path, "GET", conditional(inner), f"list_{_slug(path)}", permission,
                  ("officer", "purpose", "case"))  # fmt: skip

    def reading(
        self, path: str, answer: type[Schema], read: View, permission: Permission | None,
        query: type[Schema] | None = None, as_file: bool = False, passing: str | None = None,
    ) -> None:  # fmt: skip
        """Add a GET of one thing: `read(actor, **path)`, with the query's fields where it has some.

        With `as_file` it may be given as a file too. What has no version, but a field `passing` that
        says when it was read, gets a weak ETag of all its other fields.
        """

        def view(*arguments: Any, **ids: Any) -> Any:
            fields = arguments[0] if arguments else {}
            return tagged(read(g.actor, **ids, **fields))

        view.__doc__ = _summary(read)
        inner = self.arguments(query(), location="query", unknown=None)(view) if query else view
        inner = self.response(200, answer)(inner)
        if as_file:
            inner = self.doc(responses={200: {"content": tables.CONTENT}})(inner)
        shown = weakly(inner, passing) if passing else inner
        self._add(path, "GET", conditional(shown), f"get_{_slug(path)}", permission,
                  ("officer", "purpose", "case"))  # fmt: skip

    def publishing(self, path: str, answer: type[Schema], read: View) -> None:
        """Add a GET that everybody may ask, without a key: `read()`."""

        def view() -> Any:
            with transaction(visitor()):
                return read()

        view.__doc__ = _summary(read)
        documented = self.doc(
            description="Needs no key.", operationId=_camel(f"get_{_slug(path)}"), security=[]
        )(self.response(200, answer)(view))
        self.add_url_rule(path, f"get_{_slug(path)}", documented, methods=["GET"])

    def printing(self, path: str, render: View, permission: Permission) -> None:
        """Add a GET of a paper: `render(actor, **path)` returns the PDF and the name of its file."""

        def view(**ids: Any) -> Any:
            return pdf(*render(g.actor, **ids))

        view.__doc__ = _summary(render)
        content = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
        inner = self.response(200)(view)
        inner = self.doc(responses={200: {"content": content}})(inner)
        self._add(path, "GET", inner, f"get_{_slug(path)}", permission, ("officer",))

    def posting(
        self, path: str, body: type[Schema] | None, answer: type[Schema] | None,
        permission: Permission, *, status: int = 201, standing: View | None = None,
        parts: Parts | None = None, is_optional: bool = False,
    ) -> Callable[[View], View]:  # fmt: skip
        """Add a POST: the decorated `command(actor, data, **path)` returns what is answered.

        With `standing(actor, **path)`, which gives the version that stands, the caller has to
        send If-Match. With `parts`, the schemas of a document and of the items of its manifest, the
        body may come as these two parts as well. A body that `is_optional` may be left out.
        """

        def decorate(command: View) -> View:
            @wraps(command)
            def view(*data: Any, **ids: Any) -> Any:
                return tagged(command(g.actor, *data, **ids))

            inner = self.arguments(body(), required=not is_optional)(view) if body else view
            if parts:
                inner = self.doc(requestBody=multipart.body(*parts))(_in_parts(inner, view, parts))
            inner = etagged(self.response(status, answer)(inner))
            if standing:
                inner = _if_match(inner, standing)
            in_parts, is_needed = parts is not None, body is not None and not is_optional
            kept = replayed(inner, in_parts)
            headers = ("officer", "key", "match") if standing else ("officer", "key")
            self._add(path, "POST", kept, command.__name__, permission, headers,
                      partial(_take_in, is_needed, multipart.spool if parts else None))  # fmt: skip
            return command

        return decorate

    def uploading(
        self, path: str, document: type[Schema], answer: type[Schema], permission: Permission,
        *, most: int, described: str, taking: Callable[[bytes], Any],
    ) -> Callable[[View], View]:  # fmt: skip
        """Add a POST of a document and a file: `command(actor, data, received, taken, **path)`.

        The body has at most `most` bytes. It is taken in before the transaction, and so is what
        `taking` makes of the file, which is `described` for callers: what that raises is raised
        after what is wrong with the document.
        """
        named, body = ("document", "file"), multipart.file_body(document, "file", described)

        def decorate(command: View) -> View:
            @wraps(command)
            def view(**ids: Any) -> Any:
                data, received = multipart.read_file(document, "file")
                return tagged(command(g.actor, data, received, g.pop("taken")(), **ids))

            inner = self.doc(requestBody=body)(self.response(201, answer)(view))
            kept = replayed(etagged(inner), may_be_parts=True)
            self._add(path, "POST", kept, command.__name__, permission, ("officer", "key"),
                      lambda: _take_before(named, most, taking))  # fmt: skip
            return command

        return decorate

    def streaming(
        self, path: str, body: type[Schema], lines: Sequence[type[Schema]], permission: Permission,
        *, parts: Parts, taking: multipart.Taking, most: int,
    ) -> Callable[[View], View]:  # fmt: skip
        """Add a POST that is answered line by line, in transactions of its own.

        The decorated `command(actor, data, attempt)` returns the response; `attempt` is None where
        the caller sent no Idempotency-Key. A file in `parts`, of `most` rows, is read by `taking`.
        """

        def decorate(command: View) -> View:
            @wraps(command)
            def view(data: Any) -> Any:
                let_go()  # each part of the answer takes a connection for itself
                return command(g.actor, data, attempt_of(may_be_parts=True))

            inner = self.arguments(body())(view)
            inner = self.doc(requestBody=multipart.body(*parts, most))(
                _in_parts(inner, view, parts, taking)
            )
            said = {"schema": {"oneOf": list(lines)}}
            inner = self.doc(responses={200: {"content": {NDJSON: said}}})(
                self.response(200)(inner)
            )
            self._add(path, "POST", inner, command.__name__, permission, ("officer", "key"),
                      partial(_take_in, True, multipart.spool), is_one_transaction=False)  # fmt: skip
            return command

        return decorate

    def handing_out(self, path: str, read: View, permission: Permission, kinds: Kinds) -> None:
        """Add a GET of a file as it is kept: `read(actor, **path)` returns a File."""

        def view(**ids: Any) -> Any:
            return sent(read(g.actor, **ids))

        view.__doc__ = _summary(read)
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
        inner = self.response(200)(view)
        inner = self.doc(responses={200: {"content": content}})(inner)
        self._add(path, "GET", inner, f"get_{_slug(path)}", permission,
                  ("officer", "purpose", "case"))  # fmt: skip

    def _add(
        self, path: str, method: str, view: View, endpoint: str, permission: Permission | None,
        headers: tuple[str, ...], before: Callable[[], None] | None = None,
        is_one_transaction: bool = True,
    ) -> None:  # fmt: skip
        needs = f"Needs the permission `{permission}`." if permission else "Any key will do."
        operation = _camel(endpoint)
        if permission:
            self.first_with.setdefault(permission, f"{self.name}/{operation}")
        documented = self.doc(
            description=needs,
            operationId=operation,
            **{"x-permission": str(permission) if permission else None},
        )(_permitted(_in_transaction(view) if is_one_transaction else view, permission, before))
        documented._apidoc["headers"] = headers
        self.add_url_rule(path, endpoint, documented, methods=[method])


def _document_headers(doc: dict[str, Any], info: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Name the headers beside the parameters of the query, which smorest puts first."""
    doc.setdefault("parameters", []).extend(HEADERS[name] for name in info.get("headers", ()))
    return doc


def _summary(read: View) -> str:
    """Return what a reader says of itself, but for what it raises: statuses tell that."""
    first = (read.__doc__ or "").partition("\n")[0]
    return first.partition("; raises")[0].rstrip(".") + "." if first else ""


def _slug(path: str) -> str:
    return re.sub(r"[^a-z]+", "_", re.sub(r"<[^>]*>", "one", path)).strip("_")


def _camel(endpoint: str) -> str:
    """Return the name of an operation: Swagger UI takes an underscore in a link for a blank."""
    return re.sub(r"_+(\w)", lambda found: found[1].upper(), endpoint)


def _permitted(
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


def _take_in(needs_body: bool, spool: Callable[[], None] | None) -> None:
    """Take the body in before the transaction holds a connection; raises UnsupportedMediaType.

    With `spool`, which takes them in, it may come in parts.
    """
    in_parts = spool is not None and multipart.is_multipart()
    if (needs_body or request.content_length) and not (request.is_json or in_parts):
        raise UnsupportedMediaType
    if spool and in_parts:
        spool()
    else:
        take_in_long(request)


def _take_before(named: tuple[str, str], most: int, taking: Callable[[bytes], Any]) -> None:
    """Take in the parts and what is made of the file, before the transaction holds a connection."""
    if not multipart.is_multipart():
        raise multipart.NotInParts
    multipart.spool(named, most)
    g.taken = _tried(taking, multipart.file_of(named[1]))


def _tried(taking: Callable[[bytes], Any], received: bytes) -> Callable[[], Any]:
    """Return what gives what was made of a file, or raises what was wrong with it."""
    try:
        made = taking(received)
    except Invalid as error:
        return partial(_raise, error.with_traceback(None))  # whose frames hold the file open
    return lambda: made


def _raise(error: Exception) -> NoReturn:
    raise error


def _in_transaction(view: View) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        with transaction(g.actor):
            return view(*args, **ids)

    return run


def _in_parts(
    as_json: View, view: View, parts: Parts, taking: multipart.Taking = manifests.take
) -> View:
    @wraps(as_json)
    def run(*args: Any, **ids: Any) -> Any:
        if multipart.is_multipart():
            return view(multipart.read(*parts, taking), **ids)
        return as_json(**ids)

    return run


def _if_match(view: View, standing: View) -> View:
    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        given, current = request.headers.get("If-Match"), standing(g.actor, **ids)
        if given is None:
            raise PreconditionRequired(say("Send the ETag of what you read as If-Match."))
        if (found := IF_MATCH.fullmatch(given)) is None:
            raise PreconditionRequired(say('If-Match is the ETag as it was given, one and strong, in its'
                                           ' quotation marks, such as "1.en.0123456789ab".'))  # fmt: skip
        if int(found[1]) != current:
            raise StaleVersion(say("This was changed since you read it; read it again."))
        g.seen = int(found[1])
        return view(*args, **ids)

    return run
