"""Reference data as its readers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import false, or_, select, tuple_

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching.names import fold
from salsa_ext.models import Alias, Calibre, FirearmType, Make, Offence, Post, State
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.pages import Page
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class Named:
    """A row of reference data with its name in the caller's language."""

    row: Any
    name: str


def list_states(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Named]:
    """Return states by code, participants alone where asked."""
    require(actor, Permission.REFERENCE_READ)
    query = select(State)
    if (participant := filters.get("participant")) is not None:
        query = query.where(State.is_participant == participant)
    return _page(actor, query, State.code, "state", limit, cursor)


def list_posts(actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[Post]:
    """Return border posts by code, those with a side in one state where asked."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Post)
    if (state := filters.get("state")) is not None:
        query = query.where(or_(Post.state_a == state, Post.state_b == state))
    return _by_code(query, Post.code, limit, cursor)


def get_post(actor: Actor, code: str) -> Post:
    """Return one border post; raises NotFound."""
    require(actor, Permission.REFERENCE_READ)
    post = db.session.get(Post, code)
    if post is None:
        raise NotFound("post", code)
    return post


def list_makes(actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[Make]:
    """Return makes by code; `q` finds them by any way to write them, or its beginning."""
    require(actor, Permission.REFERENCE_READ)
    return _by_code(_asked(select(Make), Make.code, "make", filters), Make.code, limit, cursor)


def list_calibres(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Calibre]:
    """Return calibres by code; `q` finds them by any way to write them, or its beginning."""
    require(actor, Permission.REFERENCE_READ)
    query = _asked(select(Calibre), Calibre.code, "calibre", filters)
    return _by_code(query, Calibre.code, limit, cursor)


def list_types(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Named]:
    """Return types of firearms, parts and munitions by code."""
    require(actor, Permission.REFERENCE_READ)
    return _page(actor, select(FirearmType), FirearmType.code, "type", limit, cursor)


def list_offences(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Named]:
    """Return criminal contexts, legal grounds and reasons of illicitness by code."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Offence)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Offence.kind == kind)
    if cursor is not None:
        query = query.where(tuple_(Offence.kind, Offence.code) > tuple_(*_pair(cursor)))
    query = query.order_by(Offence.kind, Offence.code).limit(limit + 1)
    rows = db.session.scalars(query).all()
    named = [Named(row, names.label(row.kind, row.code, actor.language)) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(named, f"{last.kind}:{last.code}" if last else None)


def _pair(cursor: str) -> tuple[str, str]:
    kind, _, code = cursor.partition(":")
    return kind, code


def _asked(query: Any, code: Any, kind: str, filters: dict[str, Any]) -> Any:
    if (asked := filters.get("q")) is None:
        return query
    folded = fold(kind, asked)
    if not folded:  # every name begins with nothing
        return query.where(false())
    begins = Alias.folded.startswith(folded, autoescape=True)
    return query.where(code.in_(select(Alias.code).where(Alias.kind == kind, begins)))


def _page(
    actor: Actor, query: Any, code: Any, kind: str, limit: int, cursor: str | None
) -> Page[Named]:
    found: Page[Any] = _by_code(query, code, limit, cursor)
    return found.of(
        [Named(row, names.label(kind, row.code, actor.language)) for row in found.items]
    )


def _by_code(query: Any, code: Any, limit: int, cursor: str | None) -> Page[Any]:
    if cursor is not None:
        query = query.where(code > cursor)
    rows: Sequence[Any] = db.session.scalars(query.order_by(code).limit(limit + 1)).all()
    return Page(rows[:limit], rows[limit - 1].code if len(rows) > limit else None)
