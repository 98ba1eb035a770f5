"""Reference data as its readers see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, tuple_

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Calibre, FirearmType, Make, Offence, Post, State
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import asked, names
from salsa_ext.readmodels.asked import Asked
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


def get_post(code: str) -> Post:
    """Return one border post, for a reader who has required his own permission; raises NotFound."""
    post = db.session.get(Post, code)
    if post is None:
        raise NotFound("post", code)
    return post


def list_makes(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Asked]:
    """Return makes by code; with `q` those that it may mean, the surest first."""
    require(actor, Permission.REFERENCE_READ)
    return _asked(actor, "make", Make, filters, limit, cursor)


def list_calibres(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Asked]:
    """Return calibres by code; with `q` those that it may mean, the surest first."""
    require(actor, Permission.REFERENCE_READ)
    return _asked(actor, "calibre", Calibre, filters, limit, cursor)


def list_types(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Asked]:
    """Return types of firearms, parts and munitions by code; with `q` those that it may mean."""
    require(actor, Permission.REFERENCE_READ)
    return _asked(actor, "type", FirearmType, filters, limit, cursor)


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


def _asked(
    actor: Actor, kind: str, model: Any, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Asked]:
    if (text := filters.get("q")) is not None:
        return asked.find(kind, model, actor.language, text, limit, cursor)
    found: Page[Any] = _by_code(select(model), model.code, limit, cursor)
    return found.of([asked.listed(kind, row, actor.language) for row in found.items])


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
