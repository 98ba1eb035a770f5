"""Agencies of states, and their offices."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import distinct_on

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
    """Return the agencies to notify for a post; None for all agencies."""
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


URGENT_CONTACT_KINDS = ("duty_24h", "national_point_of_contact")
POST_CONTACT_KINDS = ("border_post", "duty_24h", "customs", "national_point_of_contact")
"""Contact kinds for an officer at a border post, in order of preference."""


CallOrigin = tuple[str, str | None, str]
"""Origin of a call request: state, agency, post."""


class ContactOffice(NamedTuple):
    """Office of an agency with its telephone and e-mail."""

    owner_state: str
    agency: str
    kind: str
    languages: list[str]
    hours: str
    telephone: str | None
    email: str | None
    address: str | None = None
    ori: str | None = None


_OFFICE_COLUMNS = [getattr(Contact, name) for name in ContactOffice._fields]
_MOST_URGENT = case(
    {kind: index for index, kind in enumerate(URGENT_CONTACT_KINDS)},
    value=Contact.kind,
    else_=len(URGENT_CONTACT_KINDS),
)
_SELECT_REPLY_OFFICE = (
    f"SELECT {', '.join(ContactOffice._fields)} FROM contact"  # noqa: S608 - columns of ours
    " WHERE owner_state = %(state)s AND valid_to IS NULL AND agency <> ALL(%(kept_from)s::text[])"
    " AND (agency = %(agency)s OR kind = ANY(%(urgent)s::text[])"
    " OR %(by_etrace)s AND ori IS NOT NULL)"
    " ORDER BY (%(by_etrace)s AND ori IS NOT NULL) DESC,"
    " agency IS NOT DISTINCT FROM %(agency)s DESC,"
    " array_position(%(urgent)s::text[], kind), id LIMIT 1"
)


def contact_agencies(state: str, kinds: Sequence[str]) -> list[str]:
    """Return the agencies of a state's contacts of the first of these kinds that it has."""
    query = select(Contact.kind, Contact.agency).where(
        Contact.owner_state == state, Contact.kind.in_(kinds), Contact.valid_to.is_(None)
    )
    agencies: dict[str, set[str]] = {}
    for kind, agency in db.session.execute(query):
        agencies.setdefault(kind, set()).add(agency)
    return next((sorted(agencies[kind]) for kind in kinds if kind in agencies), [])


def find_contact(state: str) -> ContactOffice | None:
    """Return a state's duty office, else its national point of contact."""
    return find_contacts([state]).get(state)


def find_contacts(states: Collection[str]) -> dict[str, ContactOffice]:
    """Return duty office or national contact point by state, in one query."""
    if not states:
        return {}
    query = select(*_OFFICE_COLUMNS).where(
        Contact.owner_state.in_(states),
        Contact.kind.in_(URGENT_CONTACT_KINDS),
        Contact.valid_to.is_(None),
    )
    rows = db.session.execute(
        query.ext(distinct_on(Contact.owner_state)).order_by(
            Contact.owner_state, _MOST_URGENT, Contact.id
        )
    )
    return {office.owner_state: office for office in (ContactOffice(*row) for row in rows)}


def find_reply_office(
    state: str, agency: str | None, restricted_agencies: Collection[str], *, by_etrace: bool = False
) -> ContactOffice | None:
    """Return the agency's office to reply to, else a duty office.

    By eTrace first one that has an ORI, which is of an agency with an agreement with ATF. Never an
    office of a restricted agency; None if no office remains.
    """
    parameters = {
        "state": state,
        "agency": agency,
        "kept_from": list(restricted_agencies),
        "urgent": list(URGENT_CONTACT_KINDS),
        "by_etrace": by_etrace,
    }
    row = execute_raw(_SELECT_REPLY_OFFICE, parameters).fetchone()
    return ContactOffice(*row) if row else None


def states_without_office(
    restricted_agencies: Mapping[UUID, Collection[str]],
) -> dict[UUID, list[str]]:
    """Return, per subject, states with no contact outside the restricted agencies."""
    agencies = {agency for some in restricted_agencies.values() for agency in some}
    if not agencies:
        return {}
    known = select(Agency.code, Agency.owner_state).where(Agency.code.in_(agencies))
    states = {row.code: row.owner_state for row in db.session.execute(known)}
    offices = (
        select(Contact.owner_state, Contact.agency)
        .distinct()
        .where(Contact.owner_state.in_({*states.values()}), Contact.valid_to.is_(None))
    )
    open_offices = db.session.execute(offices).all()
    return {
        thing: sorted(
            {states[agency] for agency in some if agency in states}
            - {row.owner_state for row in open_offices if row.agency not in some}
        )
        for thing, some in restricted_agencies.items()
    }


def find_calling_offices(origins: Collection[CallOrigin]) -> dict[CallOrigin, ContactOffice]:
    """Return the office to call back for each call origin."""
    query = (
        select(*_OFFICE_COLUMNS, Agency.posts)
        .join(Agency, Agency.code == Contact.agency)
        .where(
            Contact.owner_state.in_({state for state, _, _ in origins}),
            Contact.kind.in_(POST_CONTACT_KINDS),
            Contact.valid_to.is_(None),
            Contact.telephone.is_not(None),
        )
    )
    offices = [
        (ContactOffice(*row[:-1]), row.posts)
        for row in db.session.execute(query.order_by(Contact.id))
    ]
    office_by_origin = {}
    for state, agency, post in origins:
        fitting = [
            (office.agency != agency, post not in posts, POST_CONTACT_KINDS.index(office.kind), at)
            for at, (office, posts) in enumerate(offices)
            if office.owner_state == state
        ]
        if fitting:
            office_by_origin[state, agency, post] = offices[min(fitting)[-1]][0]
    return office_by_origin


def find_second_contact(state: str) -> ContactOffice | None:
    """Return a state's second contact, or the only one."""
    query = select(*_OFFICE_COLUMNS).where(Contact.owner_state == state, Contact.valid_to.is_(None))
    rows = db.session.execute(query.order_by(_MOST_URGENT, Contact.id).limit(2)).all()
    return ContactOffice(*rows[-1]) if rows else None


def read_contact(contact_id: UUID) -> Contact:
    """Return a contact by id; checks no permission."""
    return db.session.get_one(Contact, contact_id)


def list_contacts(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Contact]:
    """Return a page of valid contacts, by state or kind."""
    require(actor, Permission.REFERENCE_READ)
    query = select(Contact).where(Contact.valid_to.is_(None))
    if (state := filters.get("state")) is not None:
        query = query.where(Contact.owner_state == state)
    if (kind := filters.get("kind")) is not None:
        query = query.where(Contact.kind == kind)
    return fetch_page(query, Contact.id, limit, cursor)
