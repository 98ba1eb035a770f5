"""Checks of permits: their contents and their parties' licences (CIFTA XIII)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import array

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Article, message
from salsa_ext.core.field_checks import Problems, check_agency, check_date
from salsa_ext.database import locks
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.firearms.records.validation import UNKNOWN_TYPE, check_firearms, check_unique_lines
from salsa_ext.reference import name_matching, names
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.permits.licensee_queries import check_licences
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.permits.values import (
    DocumentReference,
    LicenceQuery,
    LicenceVerdict,
    PermitData,
)
from salsa_ext.trade.shipments.models import Shipment


def validate_permit(
    data: PermitData, owner: str, on: date, agencies: frozenset[str], is_reissue: bool = False
) -> None:
    """Raise Invalid if a permit contradicts itself or its issuer.

    `owner` is the issuing state, `agencies` its agency codes. A reissue repeats the goods of its
    permit as recorded, so their description is not checked.
    """
    problems = Problems()
    check_agency(problems, "authority.agency", data.authority.agency, agencies)
    _check_issuer(problems, data, owner)
    _check_dates(problems, data, on)
    _check_states(problems, data)
    _check_transit(problems, data)
    _check_references(problems, data)
    if not data.lines:
        problems.add("lines", message("A permit has at least one line."))
    check_firearms(problems, "lines", data.lines)
    check_unique_lines(problems, "lines", data.lines)
    if not is_reissue:
        _check_firearm_types(problems, data)
    problems.raise_any()


def _check_issuer(problems: Problems, data: PermitData, owner: str) -> None:
    if data.kind == "in_transit":
        if owner not in data.transit_states:
            problems.add(
                "transit_states",
                message(
                    "{state} issues this, so it must be among the transit states.", state=owner
                ),
            )
        if not data.plan:
            problems.add(
                "plan",
                message("A transit authorization gives its plan (Model Regulations 4.2)."),
                Article.PLAN,
            )
    elif data.issuing_state() != owner:
        field = "importing_state" if data.kind == "import" else "exporting_state"
        problems.add(
            field, message("Your state issues this document, so this must be {state}.", state=owner)
        )
    if data.exporting_state == data.importing_state:
        problems.add(
            "importing_state", message("Two states are needed; for one, record a transfer.")
        )


def _check_dates(problems: Problems, data: PermitData, on: date) -> None:
    check_date(problems, "issued_on", data.issued_on, on)
    if data.latest_import_on and data.latest_import_on < data.issued_on:
        problems.add(
            "latest_import_on", message("Nothing can be imported before the permit is issued.")
        )
    if data.expires_on < data.issued_on:
        problems.add("expires_on", message("A permit cannot expire before it is issued."))
    elif data.expires_on > (latest := one_year_after(data.issued_on)):
        problems.add(
            "expires_on",
            message(
                "A permit is valid for one year at most: until {latest} (Model Regulations 8.1).",
                latest=latest,
            ),
            Article.VALIDITY,
        )


def _check_states(problems: Problems, data: PermitData) -> None:
    """Check that each state existed on the day of issue."""
    transit = {f"transit_states.{at}": state for at, state in enumerate(data.transit_states)}
    sides = {"exporting_state": data.exporting_state, "importing_state": data.importing_state}
    for field, state in (sides | transit).items():
        last, successors = names.former_states().get(state, (data.issued_on, []))
        if last >= data.issued_on:
            continue
        said = message("{state} ended on {last}, before the day of issue.", state=state, last=last)
        if successors:
            said = message(
                "{state} ended on {last}, before the day of issue; today there are: {successors}.",
                **said.params,
                successors=", ".join(successors),
            )
        problems.add(field, said)


def _check_transit(problems: Problems, data: PermitData) -> None:
    sides = (data.exporting_state, data.importing_state)
    for index, state in enumerate(data.transit_states):
        if state in sides:
            said = message("{state} exports or imports; a transit state lies between.", state=state)
            problems.add(f"transit_states.{index}", said)
        elif state in data.transit_states[:index]:
            problems.add(f"transit_states.{index}", message("{state} appears twice.", state=state))


def _check_references(problems: Problems, data: PermitData) -> None:
    named: list[tuple[str, DocumentReference | None, Sequence[str]]] = [
        ("import_permit", data.import_permit, [data.importing_state]),
        ("export_permit", data.export_permit, [data.exporting_state]),
    ] + [("transit_permits", permit, data.transit_states) for permit in data.transit_permits]
    for field, permit, states in named:
        if permit and permit.state not in states:
            problems.add(
                f"{field}.state" if field != "transit_permits" else field,
                message("This document is issued by {state}.", state=", ".join(states)),
            )


def _check_firearm_types(problems: Problems, data: PermitData) -> None:
    """Check that each line of firearms names a type."""
    for index, line in enumerate(data.lines):
        said = names.resolve("type", line.type) or line.type
        if line.category == "firearm" and said in (None, UNKNOWN_TYPE):
            problems.add(
                f"lines.{index}.type",
                message(
                    "Line {line} is for firearms and does not say of which type; give one, such"
                    " as pistol, revolver or rifle (Model Regulations 2.2.1, 3.2 and 4.2).",
                    line=line.line,
                ),
                Article.GOODS,
            )


def one_year_after(day: date) -> date:
    """Return the same day of the next year (28 February for 29)."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


PARTY_ROLES: Final = ("exporter", "importer", "broker", "carrier")
LICENSED_KINDS: Final = ("dealer", "manufacturer", "carrier", "private_security", "other")
VALID_STATUSES: Final = ("issued", "suspended", "exhausted")
UNSHIPPED_STATUSES: Final = ("planned", "released")
ACCEPTED_VERDICTS: Final = (LicenceVerdict.AUTHORISED, LicenceVerdict.NO_REGISTER)


@dataclass(frozen=True)
class _PermitParty:
    permit: Permit
    role: str
    party: Party
    until: date | None


def check_parties(actor: Actor, permits: Sequence[Permit]) -> None:
    """Raise a discrepancy for each party without a valid licence.

    A party is checked in the register of its own state: authorised on the day of issue, and not
    suspended, revoked or closed while the permit is valid. Persons with their own guns and
    authorities need no licence. A state without a register for the role raises nothing. Only the
    verdict is disclosed.
    """
    locks.share_registers()
    doubts: dict[discrepancy_commands.DiscrepancySubject, list[Irregularity]] = {
        permit: [] for permit in permits
    }
    asked: dict[str, list[_PermitParty]] = defaultdict(list)
    for named in _permit_parties(actor, permits):
        asked[named.party.country].append(named)
    for state in sorted(asked.keys() & set(participants())):
        for named, verdict in _query_register(actor, state, asked[state]):
            if verdict not in ACCEPTED_VERDICTS:
                data = {"role": named.role, "state": state, "verdict": str(verdict)}
                doubts[named.permit].append(Irregularity("party_not_authorised", named.role, data))
    discrepancy_commands.update_discrepancies(actor, doubts, ("party_not_authorised",))


def _permit_parties(actor: Actor, permits: Sequence[Permit]) -> Iterator[_PermitParty]:
    """Yield the licensed parties of valid permits, read as the owner."""
    by_owner: dict[str, list[Permit]] = defaultdict(list)
    for permit in permits:
        if permit.status in VALID_STATUSES:
            by_owner[permit.owner_state].append(permit)
    for owner, stand in sorted(by_owner.items()):
        with acting_as(actor, owner):
            parties = find_parties(
                getattr(permit, f"{role}_id") for permit in stand for role in PARTY_ROLES
            )
            live = _permits_in_use(stand)
        for permit in stand:
            until = permit.last_day if permit.id in live else None
            for role in PARTY_ROLES:
                party = parties.get(getattr(permit, f"{role}_id"))
                if party is not None and party.kind in LICENSED_KINDS and party.name:
                    yield _PermitParty(permit, role, party, until)


def _permits_in_use(permits: Sequence[Permit]) -> set[UUID]:
    """Return the permits with goods still to be shipped."""
    used = [permit.id for permit in permits if permit.status == "exhausted"]
    query = select(Shipment.permit_id).where(
        Shipment.permit_id.in_(used), Shipment.status.in_(UNSHIPPED_STATUSES)
    )
    waiting = set(db.session.scalars(query)) if used else set()
    return waiting | {permit.id for permit in permits if permit.status != "exhausted"}


def _query_register(
    actor: Actor, state: str, named: Sequence[_PermitParty]
) -> Iterable[tuple[_PermitParty, LicenceVerdict]]:
    questions = [
        LicenceQuery(
            one.role, one.party.name or "", one.party.licence, one.permit.issued_on, one.until
        )
        for one in named
    ]
    with acting_as(actor, state):
        return list(zip(named, check_licences(state, questions), strict=True))


def recheck_permits(actor: Actor, licensees: Sequence[Licensee]) -> None:
    """Recheck all states' permits that name changed licensees.

    Licensees are of the own state. Parties that lost their authorisation raise a discrepancy; those
    that regained it resolve theirs. A party checked before its state had a register is rechecked
    when its permit changes. Takes the register lock, so concurrent recording of permits waits.
    """
    locks.lock_registers()
    found: list[Permit] = []
    named = _permits_naming(licensees)
    for state in participants():
        with acting_as(actor, state):
            rows = db.session.execute(named, {"state": state})
            found += _permits_of_licensees(licensees, rows)
    check_parties(actor, found)


def _permits_naming(licensees: Sequence[Licensee]) -> Select[Permit, str | None, str | None]:
    """Select the valid permits of a `state` that may name licensees."""
    sides = array([getattr(Permit, f"{role}_id") for role in PARTY_ROLES])
    return (
        select(Permit, Party.name, Party.licence)
        .join(Party, Party.id == any_(sides))
        .where(Permit.owner_state == bindparam("state"), Permit.status.in_(VALID_STATUSES))
        .where(_is_candidate_party(licensees))
        .order_by(Permit.id)
        .execution_options(populate_existing=True)
    )


def _permits_of_licensees(
    licensees: Sequence[Licensee], rows: Iterable[Row[Permit, str | None, str | None]]
) -> list[Permit]:
    """Return the permits that do name them, by licence or name."""
    numbers = {licensee.number for licensee in licensees}
    keys = {licensee.name_key for licensee in licensees}
    found = {
        permit.id: permit
        for permit, name, licence in rows
        if licence in numbers or (not licence and name_matching.name_key(name or "") in keys)
    }
    return list(found.values())


def _is_candidate_party(licensees: Sequence[Licensee]) -> ColumnElement[bool]:
    """Restrict parties to licensed kinds of the licensees' state."""
    numbers = [licensee.number for licensee in licensees]
    by_number = or_(Party.licence.in_(numbers), Party.licence.is_(None))
    return (
        (Party.country == licensees[0].owner_state)
        & Party.kind.in_(LICENSED_KINDS)
        & Party.name.is_not(None)
        & by_number
    )
