"""Licensees of a state: commands on its register, and lists of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select

from salsa_ext.access.audit import AuditEvent, append, append_many, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LICENSEE_ROLES
from salsa_ext.core.errors import CodeLabel, IllegalTransition, Invalid, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Listing, Page, fetch_page
from salsa_ext.database.session import acting_as, db, read_row
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.reference.name_matching import name_key
from salsa_ext.reference.names import participants
from salsa_ext.reference.state_settings import load_settings, settings_by_state
from salsa_ext.trade.event_log import NewEvent, add_events, events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.permits.values import LicenceDecision, LicenceRenewal, LicenseeData

DECISIONS: Final = {
    "suspend": ("suspended", "suspended", ("active",)),
    "reinstate": ("active", "reinstated", ("suspended",)),
    "revoke": ("revoked", "revoked", ("active", "suspended")),
    "close": ("defunct", "closed", ("active", "suspended", "revoked")),
}
"""By verb: new status, kind of event, and the statuses that allow it."""


def record(*, actor: Actor, data: LicenseeData) -> UUID:
    """Record a licensee in the own state's register; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[LicenseeData]) -> list[UUID]:
    """Record licensees in one transaction; return their ids in order."""
    require(actor, Permission.LICENSEE_RECORD)
    owner, now = actor.own_state(), actor.now()
    parties = PartyCollector(owner)
    rows: list[dict[str, Any]] = []
    for data in batch:
        check(data)
        rows.append(
            {
                "id": new_id(),
                "owner_state": owner,
                "concerned": [owner],
                "version": 1,
                "number": data.number,
                "roles": sorted(set(data.roles)),
                "party_id": parties.add(data.party, [owner]),
                "name_key": name_key(data.party.name),
                "valid_from": data.valid_from,
                "valid_to": data.valid_to,
                "status": "active",
                "status_on": data.valid_from,
                "recorded_at": now,
            }
        )
    parties.write()
    insert_many(Licensee, rows)
    recorded = Action.LICENSEE_RECORDED
    append_many(
        actor,
        [
            AuditEvent(recorded, "licensee", row["id"], data={"number": row["number"]})
            for row in rows
        ],
    )
    return [row["id"] for row in rows]


def check(data: LicenseeData) -> None:
    """Raise Invalid for a licence without roles, or one that ends before it begins."""
    problems = Problems()
    if not data.roles or not set(data.roles) <= set(LICENSEE_ROLES):
        roles = ", ".join(LICENSEE_ROLES)
        problems.add("roles", message("One or more of: {roles}.", roles=roles))
    if data.valid_to and data.valid_to < data.valid_from:
        problems.add("valid_to", message("A licence cannot end before it begins."))
    problems.raise_any()


def decide(
    *,
    actor: Actor,
    licensee_id: UUID,
    expected_version: int | None,
    action: str,
    data: LicenceDecision,
) -> None:
    """Suspend, reinstate, revoke or close a licence (CIFTA XIII.1.a).

    `action` is one of these verbs. A firm that closes names the holder of its books, where a trace
    continues. Raises NotFound, StaleVersion, IllegalTransition or Invalid.
    """
    require(actor, Permission.LICENSEE_RECORD)
    licensee = lock(Licensee, licensee_id, expected_version)
    status, kind, allowed = DECISIONS[action]
    if licensee.status not in allowed:
        raise IllegalTransition("licensee", licensee.status, action)
    _check_decision(actor, licensee, data, status)
    licensee.status, licensee.status_on, licensee.status_reason = status, data.on, data.reason
    licensee.inactive_since = None if status == "active" else licensee.inactive_since or data.on
    licensee.books_with = data.books_with if status == "defunct" else None
    changes = {"on": data.on.isoformat(), "status": status}
    books = {"books_with": licensee.books_with} if licensee.books_with else {}
    _save(actor, licensee, kind, data.on, changes, books, data.reason)


def _check_decision(actor: Actor, licensee: Licensee, data: LicenceDecision, status: str) -> None:
    problems = Problems()
    check_date(problems, "on", data.on, today(actor))
    if data.on < licensee.status_on:
        problems.add(
            "on",
            message(
                "The licensee is {status} since {on}; this cannot lie before.",
                on=licensee.status_on,
                status=CodeLabel("licensee_status", licensee.status),
            ),
        )
    holder = select(Licensee.id).where(
        Licensee.owner_state == licensee.owner_state,
        Licensee.number == data.books_with,
        Licensee.id != licensee.id,
        Licensee.status != "defunct",
    )
    if status == "defunct" and not (
        data.books_with in agency_codes(licensee.owner_state) or db.session.scalar(holder)
    ):
        problems.add(
            "books_with",
            message(
                "Name who holds the books: the number of another licensee of"
                " yours, or the code of an agency."
            ),
        )
    problems.raise_any()


def renew(
    *, actor: Actor, licensee_id: UUID, expected_version: int | None, data: LicenceRenewal
) -> None:
    """Extend a licence to a later last day.

    Raises NotFound, StaleVersion, IllegalTransition or Invalid.
    """
    require(actor, Permission.LICENSEE_RECORD)
    licensee = lock(Licensee, licensee_id, expected_version)
    if licensee.status not in ("active", "suspended"):
        raise IllegalTransition("licensee", licensee.status, "renew")
    if licensee.valid_to is None:
        raise Invalid({"valid_to": [message("This licence has no end already.")]})
    if data.valid_to <= licensee.valid_to:
        problem = message(
            "The licence is valid until {on} already; give a later day.", on=licensee.valid_to
        )
        raise Invalid({"valid_to": [problem]})
    licensee.valid_to, on = data.valid_to, today(actor)
    changes = {"valid_to": data.valid_to.isoformat()}
    current = {"on": on.isoformat(), "status": licensee.status}
    _save(actor, licensee, "renewed", on, changes, current)


def _save(
    actor: Actor,
    licensee: Licensee,
    kind: str,
    on: date,
    changes: dict[str, Any],
    further: dict[str, Any],
    reason: str | None = None,
) -> None:
    """Write a change with its event, effective from `on`; the event has `further` data."""
    at = local_days(actor).start(licensee.owner_state, on)
    add_events(actor, [NewEvent(licensee, kind, reason, at, changes | further)])
    licensee.version += 1
    append(actor, audit_event(Action(f"licensee:{kind}"), licensee, **changes))


@dataclass(frozen=True)
class LicenseeView:
    """A licensee with its party and its decisions in order."""

    licensee: Licensee
    parties: PartiesById
    decisions: Sequence[TradeEvent] = ()

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.licensee.version


LISTING: Final = Listing(Licensee, "valid_from", ("valid_from", "number"))


def list_licensees(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LicenseeView]:
    """Return a page of the own state's licensees, newest first."""
    require(actor, Permission.LICENSEE_READ)
    query = select(Licensee)
    if (role := filters.get("role")) is not None:
        query = query.where(Licensee.roles.contains([role]))
    for name in ("status", "number"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Licensee, name) == value)
    page = LISTING.fetch(query, filters, limit, cursor)
    return page.with_items(_views(page.items))


def get_licensee(actor: Actor, licensee_id: UUID) -> LicenseeView:
    """Return a licensee of the own state; raises NotFound."""
    require(actor, Permission.LICENSEE_READ)
    return read_licensee(licensee_id)


def select_permits(licensee_id: UUID) -> Select[Any]:
    """Select the visible permits that name a licensee by its licence, or by its name alone.

    Raises NotFound.
    """
    row = read_row(Licensee, licensee_id)
    name = func.salsa_folded_name(find_parties([row.party_id])[row.party_id].name)
    parties = select(Party.id).where(
        Party.owner_state.in_(participants()),
        func.salsa_folded_name(Party.name) == name,
        Party.country == row.owner_state,
        or_(Party.licence.is_(None), Party.licence == row.number),
    )
    roles = (Permit.exporter_id, Permit.importer_id, Permit.broker_id)
    return select(Permit.id).where(or_(*(role.in_(parties) for role in roles)))


def read_licensee(licensee_id: UUID) -> LicenseeView:
    """Return a licensee without a permission check; raises NotFound."""
    return _views([read_row(Licensee, licensee_id)])[0]


@dataclass(frozen=True)
class PublishedLicensee:
    """A licence as other states read it; `roles` are those that its state publishes."""

    licensee: Licensee
    name: str | None
    kind: str
    roles: Sequence[str]


def list_published(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[PublishedLicensee]:
    """Return a page of the register of a state, as far as it publishes it, newest first.

    Its own register a state reads whole; of others it reads no persons. CIFTA XIII.1.a.
    """
    require(actor, Permission.LICENSEE_READ)
    own = actor.own_state()
    state = filters.get("state") or own
    roles = tuple(LICENSEE_ROLES)
    if state != own:
        roles = load_settings(state).settings.published_roles
    query = select(Licensee).join(Party, Party.id == Licensee.party_id)
    query = query.where(Licensee.owner_state == state, Licensee.roles.op("&&")(list(roles)))
    if state != own:
        query = query.where(Party.kind != "individual", Party.name.is_not(None))
    if (role := filters.get("role")) is not None:
        query = query.where(Licensee.roles.contains([role]) if role in roles else false())
    if (status := filters.get("status")) is not None:
        query = query.where(Licensee.status == status)
    if (name := filters.get("name")) is not None:
        query = query.where(Party.name.icontains(name, autoescape=True))
    with acting_as(actor, state):
        page = fetch_page(query, Licensee.id, limit, cursor)
        parties = find_parties(row.party_id for row in page.items)
    page = replace(page, reader=partial(acting_as, actor, state))
    return page.with_items([_published(row, parties[row.party_id], roles) for row in page.items])


def _published(row: Licensee, party: Party, roles: Collection[str]) -> PublishedLicensee:
    return PublishedLicensee(
        row, party.name, party.kind, [each for each in row.roles if each in roles]
    )


def firms_to_choose(actor: Actor, limit: int) -> list[PublishedLicensee]:
    """Return active licensees for forms: of the own state, and what others publish."""
    require(actor, Permission.LICENSEE_READ)
    settings = settings_by_state(participants())
    states = [state for state in settings if settings[state].published_roles]
    firms: list[PublishedLicensee] = []
    for state in [actor.own_state(), *sorted({*states} - {actor.own_state()})]:
        filters = {"state": state, "status": "active"}
        firms += list_published(actor, filters, limit - len(firms), None).items
        if len(firms) >= limit:
            break
    return firms


def _views(licensees: Sequence[Licensee]) -> list[LicenseeView]:
    parties = find_parties(licensee.party_id for licensee in licensees)
    events = events_by_subject(licensee.id for licensee in licensees)
    return [LicenseeView(licensee, parties, events[licensee.id]) for licensee in licensees]
