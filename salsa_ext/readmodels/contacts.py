"""Whom to call in a state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import distinct_on

from salsa_ext.db import ask, db
from salsa_ext.models import Agency, Contact
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.values.actor import Actor

URGENT = ("duty_24h", "national_point_of_contact")
AT_POST = ("border_post", "duty_24h", "customs", "national_point_of_contact")
"""Which offices an officer at a barrier calls, in this order."""


Asking = tuple[str, str | None, str]
"""Who asks for a call: his state, his agency and the post."""
_NAMED = "SELECT name FROM agency WHERE code = %s"


class Office(NamedTuple):
    """An office to call."""

    owner_state: str
    agency: str
    kind: str
    languages: list[str]
    hours: str
    telephone: str | None
    email: str | None


_ANSWERING_TO = (
    f"SELECT {', '.join(Office._fields)} FROM contact"  # noqa: S608 - columns of ours
    " WHERE owner_state = %(state)s AND valid_to IS NULL AND agency <> ALL(%(kept_from)s::text[])"
    " AND (agency = %(agency)s OR kind = ANY(%(urgent)s::text[]))"
    " ORDER BY agency IS NOT DISTINCT FROM %(agency)s DESC,"
    " array_position(%(urgent)s::text[], kind), id LIMIT 1"
)


def contact_of(state: str) -> Office | None:
    """Return whom to call now: the office on duty, else the national point of contact."""
    return contacts_of([state]).get(state)


def contacts_of(states: Collection[str]) -> dict[str, Office]:
    """Return whom to call now in each of the states that has somebody, by one question for all."""
    if not states:
        return {}
    columns = (getattr(Contact, name) for name in Office._fields)
    wanted = select(*columns).where(
        Contact.owner_state.in_(states), Contact.kind.in_(URGENT), Contact.valid_to.is_(None)
    )
    first = case({kind: index for index, kind in enumerate(URGENT)}, value=Contact.kind)
    rows = db.session.execute(
        wanted.ext(distinct_on(Contact.owner_state)).order_by(
            Contact.owner_state, first, Contact.id
        )
    )
    return {office.owner_state: office for office in (Office(*row) for row in rows)}


def answering_to(state: str, agency: str | None, kept_from: Collection[str]) -> Office | None:
    """Return whom to answer that an agency of a state asks: its office, else one on duty of another.

    Never one of the agencies that a matter is kept from; None where no office is left.
    """
    asked = {"state": state, "agency": agency, "kept_from": list(kept_from), "urgent": list(URGENT)}
    row = ask(_ANSWERING_TO, asked).fetchone()
    return Office(*row) if row else None


def without_office(kept_from: Mapping[UUID, Collection[str]]) -> dict[UUID, list[str]]:
    """Return for each thing the states of which no office is left that may see what agencies are kept from.

    By one question for all.
    """
    agencies = {agency for some in kept_from.values() for agency in some}
    if not agencies:
        return {}
    known = select(Agency.code, Agency.owner_state).where(Agency.code.in_(agencies))
    states = {row.code: row.owner_state for row in db.session.execute(known)}
    offices = select(Contact.owner_state, Contact.agency).distinct().where(
        Contact.owner_state.in_({*states.values()}), Contact.valid_to.is_(None)
    )  # fmt: skip
    open_offices = db.session.execute(offices).all()
    return {
        thing: sorted(
            {states[agency] for agency in some if agency in states}
            - {row.owner_state for row in open_offices if row.agency not in some}
        )
        for thing, some in kept_from.items()
    }


def called_from(asking: Collection[Asking]) -> dict[Asking, Office]:
    """Return how who asks for a call at a post is reached, by state, agency and post.

    An office of the agency itself comes before those of agencies that stand at the post, and these
    before the rest; that of a post before other kinds.
    """
    columns = (getattr(Contact, name) for name in Office._fields)
    wanted = select(*columns, Agency.posts).join(Agency, Agency.code == Contact.agency).where(
        Contact.owner_state.in_({state for state, _, _ in asking}), Contact.kind.in_(AT_POST),
        Contact.valid_to.is_(None), Contact.telephone.is_not(None),
    )  # fmt: skip
    offices = [
        (Office(*row[:-1]), row.posts) for row in db.session.execute(wanted.order_by(Contact.id))
    ]
    found = {}
    for state, agency, post in asking:
        fitting = [
            (office.agency != agency, post not in posts, AT_POST.index(office.kind), at)
            for at, (office, posts) in enumerate(offices) if office.owner_state == state
        ]  # fmt: skip
        if fitting:
            found[state, agency, post] = offices[min(fitting)[-1]][0]
    return found


def placed_at(state: str, post: str) -> frozenset[str]:
    """Return the agencies of a state of which it said that they stand at a post."""
    placed = select(Agency.code).where(Agency.owner_state == state, Agency.posts.contains([post]))
    return frozenset(db.session.scalars(placed))


def standing_at(state: str, post: str) -> tuple[str, ...] | None:
    """Return the agencies of a state that stand at a post; None where they may be any of its agencies.

    Where the state placed none there, they are those that it placed nowhere; where it placed all of
    them elsewhere, any: somebody has to be told.
    """
    rows = db.session.execute(select(Agency.code, Agency.posts).where(Agency.owner_state == state))
    posts: dict[str, list[str]] = {row.code: row.posts for row in rows}
    here = tuple(sorted(code for code, placed in posts.items() if post in placed))
    if here or not any(posts.values()):
        return here or None
    return tuple(sorted(code for code, placed in posts.items() if not placed)) or None


_AGENCIES = "SELECT code FROM agency WHERE owner_state IS NOT DISTINCT FROM %s"


def second_contact_of(state: str) -> Office | None:
    """Return whom to call where the first does not answer; the only office where there is one."""
    columns = (getattr(Contact, name) for name in Office._fields)
    wanted = select(*columns).where(Contact.owner_state == state, Contact.valid_to.is_(None))
    first = case({kind: index for index, kind in enumerate(URGENT)}, value=Contact.kind,
                 else_=len(URGENT))  # fmt: skip
    rows = db.session.execute(wanted.order_by(first, Contact.id).limit(2)).all()
    return Office(*rows[-1]) if rows else None


def agency_codes(state: str | None) -> frozenset[str]:
    """Return the codes of the agencies that a state registered; the secretariat's for None."""
    rows = ask(_AGENCIES, (state,)).fetchall()
    return frozenset(code for (code,) in rows)


def office_of(code: str) -> tuple[str, str | None]:
    """Return an agency's name with its code, and how its first office in force is reached."""
    wanted = select(Contact).where(Contact.agency == code, Contact.valid_to.is_(None))
    contact = db.session.scalars(wanted.order_by(Contact.id).limit(1)).first()
    ways = ", ".join(filter(None, (contact.telephone, contact.email))) if contact else None
    return agency_named(code), ways


def agency_named(code: str) -> str:
    """Return an agency's name with its code; the code alone where it has no other name."""
    name = name_of(code)
    return f"{name} ({code})" if name != code else code


def name_of(code: str) -> str:
    """Return what an agency is called; its code where it is not registered."""
    found = ask(_NAMED, (code,)).fetchone()
    return found[0] if found else code


def read_agency(agency_id: UUID) -> Agency:
    """Return an agency that was just registered."""
    return db.session.get_one(Agency, agency_id)


def read_contact(contact_id: UUID) -> Contact:
    """Return a contact that was just registered."""
    return db.session.get_one(Contact, contact_id)


def list_contacts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Contact]:
    """Return a page of contacts that are in force, of one state or kind where asked."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Contact).where(Contact.valid_to.is_(None))
    if (state := filters.get("state")) is not None:
        query = query.where(Contact.owner_state == state)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Contact.kind == kind)
    return page(query, Contact.id, limit, cursor)


def list_agencies(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Agency]:
    """Return a page of agencies, of one state or kind where asked."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Agency)
    if (state := filters.get("state")) is not None:
        query = query.where(Agency.owner_state == state)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Agency.kind == kind)
    return page(query, Agency.id, limit, cursor)
