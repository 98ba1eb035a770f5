"""Agencies of states, their names and border posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db, execute_raw, read_row
from salsa_ext.reference.models import Agency, Contact

_SELECT_NAME = "SELECT name FROM agency WHERE code = %s"


def agencies_at_post(state: str, post: str) -> frozenset[str]:
    """Return a state's agencies assigned to a border post."""
    placed = select(Agency.code).where(Agency.owner_state == state, Agency.posts.contains([post]))
    return frozenset(db.session.scalars(placed))


def responsible_agencies(state: str, post: str) -> tuple[str, ...] | None:
    """Return the agencies to notify for a post; None for all agencies.

    The agencies assigned to the post, else those assigned to none, else all.
    """
    rows = db.session.execute(select(Agency.code, Agency.posts).where(Agency.owner_state == state))
    posts: dict[str, list[str]] = {row.code: row.posts for row in rows}
    here = tuple(sorted(code for code, placed in posts.items() if post in placed))
    if here or not any(posts.values()):
        return here or None
    return tuple(sorted(code for code, placed in posts.items() if not placed)) or None


_SELECT_NAMES = "SELECT code, name FROM agency WHERE owner_state IS NOT DISTINCT FROM %s"


def agency_names(state: str | None) -> dict[str, str]:
    """Return the names of a state's agencies by code; the secretariat's for None."""
    return dict(execute_raw(_SELECT_NAMES, (state,)).fetchall())


def agency_codes(state: str | None) -> frozenset[str]:
    """Return the codes of a state's agencies; the secretariat's for None."""
    return frozenset(agency_names(state))


def agency_contact(code: str) -> tuple[str, str | None]:
    """Return an agency's label and its first valid telephone and e-mail."""
    query = select(Contact).where(Contact.agency == code, Contact.valid_to.is_(None))
    contact = db.session.scalars(query.order_by(Contact.id).limit(1)).first()
    ways = ", ".join(filter(None, (contact.telephone, contact.email))) if contact else None
    return agency_label(code), ways


def agency_label(code: str) -> str:
    """Return an agency's name with its code, or the code alone."""
    name = agency_name(code)
    return f"{name} ({code})" if name != code else code


def agency_name(code: str) -> str:
    """Return an agency's name, or its code if not registered."""
    row = execute_raw(_SELECT_NAME, (code,)).fetchone()
    return row[0] if row else code


def posts_of_agency(actor: Actor) -> Sequence[str]:
    """Return the codes of the posts at which the actor's agency is; empty means unknown."""
    require(actor, Permission.REFERENCE_READ)
    own = Agency.owner_state == actor.state, Agency.code == actor.agency
    return db.session.scalar(select(Agency.posts).where(*own)) or ()


def read_agency(agency_id: UUID) -> Agency:
    """Return an agency by id; checks no permission."""
    return db.session.get_one(Agency, agency_id)


@dataclass(frozen=True)
class AgencyView:
    """An agency with its offices, oldest first; `version` for its pages."""

    agency: Agency
    contacts: Sequence[Contact]
    version: int = 1


def get_agency(actor: Actor, agency_id: UUID) -> AgencyView:
    """Return an agency with its valid offices; raises NotFound."""
    require(actor, Permission.REFERENCE_READ)
    agency = read_row(Agency, agency_id)
    valid = select(Contact).where(Contact.agency == agency.code, Contact.valid_to.is_(None))
    return AgencyView(agency, db.session.scalars(valid.order_by(Contact.id)).all())


def list_agencies(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Agency]:
    """Return a page of agencies, by state or kind."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Agency)
    if (state := filters.get("state")) is not None:
        query = query.where(Agency.owner_state == state)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Agency.kind == kind)
    return fetch_page(query, Agency.id, limit, cursor)
