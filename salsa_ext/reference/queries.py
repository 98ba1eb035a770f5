"""Lists of reference data, and lookup by typed text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import or_, select, tuple_

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page
from salsa_ext.database.session import db
from salsa_ext.reference import names
from salsa_ext.reference.models import Alias, Calibre, FirearmType, Make, Offence, Post, State
from salsa_ext.reference.name_matching import NameCandidate, fold_name


@dataclass(frozen=True)
class NamedRow:
    """Row of reference data with its name in the caller's language."""

    row: Any
    name: str


def list_states(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[NamedRow]:
    """Return states by code, only participants if filtered."""
    require(actor, Permission.REFERENCE_READ)
    query = select(State)
    if (participant := filters.get("participant")) is not None:
        query = query.where(State.is_participant == participant)
    return _named_page(actor, query, State.code, "state", limit, cursor)


def list_posts(actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[Post]:
    """Return border posts by code, of one state if filtered."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Post)
    if (state := filters.get("state")) is not None:
        query = query.where(or_(Post.state_a == state, Post.state_b == state))
    return _page_by_code(query, Post.code, limit, cursor)


def get_post(code: str) -> Post:
    """Return a border post; checks no permission, raises NotFound."""
    post = db.session.get(Post, code)
    if post is None:
        raise NotFound("post", code)
    return post


def list_makes(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LookupRow]:
    """Return makes by code; with `q` the best candidates first."""
    require(actor, Permission.REFERENCE_READ)
    return _list_or_lookup(actor, "make", Make, filters, limit, cursor)


def list_calibres(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LookupRow]:
    """Return calibres by code; with `q` the best candidates first."""
    require(actor, Permission.REFERENCE_READ)
    return _list_or_lookup(actor, "calibre", Calibre, filters, limit, cursor)


def list_types(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LookupRow]:
    """Return types of firearms, parts and munitions; with `q` the candidates."""
    require(actor, Permission.REFERENCE_READ)
    return _list_or_lookup(actor, "type", FirearmType, filters, limit, cursor)


def list_offences(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[NamedRow]:
    """Return criminal contexts, legal grounds and illicit reasons, by code."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Offence)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Offence.kind == kind)
    if cursor is not None:
        query = query.where(tuple_(Offence.kind, Offence.code) > tuple_(*_parse_cursor(cursor)))
    query = query.order_by(Offence.kind, Offence.code).limit(limit + 1)
    rows = db.session.scalars(query).all()
    named = [NamedRow(row, names.label(row.kind, row.code, actor.language)) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(named, f"{last.kind}:{last.code}" if last else None)


def _parse_cursor(cursor: str) -> tuple[str, str]:
    kind, _, code = cursor.partition(":")
    return kind, code


def _list_or_lookup(
    actor: Actor, kind: str, model: Any, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LookupRow]:
    if (text := filters.get("q")) is not None:
        return lookup_text(kind, model, actor.language, text, limit, cursor)
    page: Page[Any] = _page_by_code(select(model), model.code, limit, cursor)
    return page.with_items([plain_row(kind, row, actor.language) for row in page.items])


def _named_page(
    actor: Actor, query: Any, code: Any, kind: str, limit: int, cursor: str | None
) -> Page[NamedRow]:
    page: Page[Any] = _page_by_code(query, code, limit, cursor)
    return page.with_items(
        [NamedRow(row, names.label(kind, row.code, actor.language)) for row in page.items]
    )


def _page_by_code(query: Any, code: Any, limit: int, cursor: str | None) -> Page[Any]:
    if cursor is not None:
        query = query.where(code > cursor)
    rows: Sequence[Any] = db.session.scalars(query.order_by(code).limit(limit + 1)).all()
    return Page(rows[:limit], rows[limit - 1].code if len(rows) > limit else None)


MAX_CANDIDATES = 10


@dataclass(frozen=True)
class LookupRow:
    """Row of reference data with name and confidence for a typed text."""

    row: Any
    name: str
    confidence: float | None = None
    how: str | None = None
    is_certain: bool | None = None


def lookup_text(
    kind: str, model: Any, language: str, text: str, limit: int, cursor: str | None
) -> Page[LookupRow]:
    """Return candidates for a text, best first, then prefix matches by code."""
    candidates = list(_lookup_candidates(kind, text))
    codes = [candidate.code for candidate in candidates]
    begin = codes.index(cursor) + 1 if cursor in codes else 0
    page = candidates[begin : begin + limit]
    query = select(model).where(model.code.in_([candidate.code for candidate in page]))
    rows = {row.code: row for row in db.session.scalars(query)}
    certain = names.resolve(kind, text)
    items = [
        replace(
            plain_row(kind, rows[candidate.code], language),
            confidence=candidate.confidence or None,
            how=candidate.how,
            is_certain=candidate.code == certain,
        )
        for candidate in page
    ]
    return Page(items, page[-1].code if len(candidates) > begin + limit else None)


def _lookup_candidates(kind: str, text: str) -> Iterator[NameCandidate]:
    likely = names.find_candidates(kind, text, MAX_CANDIDATES)
    yield from likely
    if folded := fold_name(kind, text):  # every name begins with nothing
        begins = Alias.folded.startswith(folded, autoescape=True)
        known = [candidate.code for candidate in likely]
        query = select(Alias.code).where(Alias.kind == kind, begins, Alias.code.not_in(known))
        for code in db.session.scalars(query.distinct().order_by(Alias.code)):
            yield NameCandidate(code, 0.0, "begins")


def plain_row(kind: str, row: Any, language: str) -> LookupRow:
    """Return a row without candidate data, with its name in a language."""
    return LookupRow(row, getattr(row, "name", None) or names.label(kind, row.code, language))
