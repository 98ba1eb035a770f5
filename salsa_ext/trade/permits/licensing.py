"""Registers of licensees (CIFTA XIII), and the licences that a movement needs (IX.2-3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import any_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.types import Text

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import PartyNotRegistered
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.reference.calendars import LocalDays
from salsa_ext.reference.name_matching import name_key
from salsa_ext.reference.names import participants
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.values import PARTY_NOT_AUTHORISED, Irregularity
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.comparison import ComparedPermit, PermitFamilies, unmatched_lines
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.permits.values import LicenceQuery, LicenceVerdict, MissingLicence, PermitData
from salsa_ext.trade.shipments.models import Checkpoint, Shipment

VALID_STATUSES: Final = ("issued", "exhausted", "expired")
"""Statuses of a licence that was valid until its last day."""
ENDED_STATUSES: Final = ("cancelled", "suspended")


def missing_licences_on(
    actor: Actor, exports: Iterable[tuple[UUID, date]]
) -> dict[tuple[UUID, date], list[MissingLicence]]:
    """Return missing licences by export certificate and day (CIFTA IX.3)."""
    pairs = set(exports)
    licences = _Licences(actor, {permit_id for permit_id, _ in pairs})
    return {(permit_id, on): licences.missing(permit_id, on) for permit_id, on in pairs}


@dataclass(frozen=True)
class DepartureLicences:
    """Licences of a shipment when it left.

    `import_by` is the last day of a valid import certificate, if any.
    """

    missing: Sequence[MissingLicence] = ()
    import_by: date | None = None


def licences_at_departure(
    actor: Actor,
    shipments: Sequence[Shipment],
    checkpoints: Mapping[UUID, Sequence[Checkpoint]],
    today: LocalDays,
) -> dict[UUID, DepartureLicences]:
    """Return the licences of departed shipments, by shipment."""
    departed = {}
    for shipment in shipments:
        passed = [row for row in checkpoints[shipment.id] if row.outcome == "passed"]
        if passed:
            entries = [row.occurred_at for row in passed if row.stage == "entry"]
            departure = min(row.occurred_at for row in passed)
            departed[shipment.id] = (shipment, departure, min(entries, default=None))
    if not departed:
        return {}
    licences = _Licences(actor, {shipment.permit_id for shipment, _, _ in departed.values()})
    return {
        shipment_id: licences.at_departure(
            shipment.permit_id, today.on(shipment.exporting_state, left_at), left_at, entered_at
        )
        for shipment_id, (shipment, left_at, entered_at) in departed.items()
    }


class _Licences:
    """The families of export certificates, with the last day of each permit and when it ended."""

    def __init__(self, actor: Actor, export_ids: set[UUID]) -> None:
        self.families: PermitFamilies = load(actor, export_ids)
        self.permits = {permit.id: permit for permit in self.families.permits}
        days = select(Permit.id, Permit.last_day).where(Permit.id.in_(self.permits))
        self.last_days: dict[UUID, date] = dict(db.session.execute(days).all())
        ended = [key for key, permit in self.permits.items() if permit.status in ENDED_STATUSES]
        ends = (
            select(TradeEvent.subject_id, func.max(TradeEvent.occurred_at))
            .where(TradeEvent.subject_id.in_(ended), TradeEvent.kind.in_(ENDED_STATUSES))
            .group_by(TradeEvent.subject_id)
        )
        self.ended_at: dict[UUID, datetime] = dict(db.session.execute(ends).all()) if ended else {}

    def missing(self, export_id: UUID, on: date) -> list[MissingLicence]:
        """Return the licences that one certificate lacks on a day, besides itself."""
        export = self.permits[export_id]
        needed = [(state, "in_transit") for state in export.transit_states]
        if export.kind == "export":
            needed.insert(0, (export.importing_state, "import"))
        missing = []
        for state, kind in needed:
            if state in self.families.participants:
                others = self.families.counterparts(export, kind)
                reasons = [
                    self._invalid_reason(export, permit, on)
                    for permit in others
                    if permit.state == state
                ]
                if None not in reasons:
                    why = next(filter(None, reasons), "missing")
                    missing.append(MissingLicence(state, kind, why))
        return missing

    def _invalid_reason(
        self, export: ComparedPermit, licence: ComparedPermit, on: date
    ) -> str | None:
        if on > self.last_days[licence.id]:
            return "expired"
        if licence.status not in VALID_STATUSES:
            return licence.status
        return "mismatch" if unmatched_lines(export, licence) else None

    def at_departure(
        self, export_id: UUID, on: date, left_at: datetime, entered_at: datetime | None
    ) -> DepartureLicences:
        """Return what was missing when goods left, or was cancelled before they entered."""
        export = self.permits[export_id]

        def ended(permit: ComparedPermit) -> list[MissingLicence] | None:
            """Return a licence that ended; None if it ended after the goods had entered."""
            at = self.ended_at.get(permit.id)
            if at is None or (at > left_at and entered_at is not None and at >= entered_at):
                return None
            is_in_transit = at > left_at
            if is_in_transit and permit.status != "cancelled":
                return []
            return [MissingLicence(permit.state, permit.kind, permit.status, is_in_transit)]

        missing = ended(export)
        if missing is None:
            is_expired = on > self.last_days[export_id]
            missing = [MissingLicence(export.state, export.kind, "expired")] if is_expired else []
        for licence in self.missing(export_id, on):
            gone = [
                permit
                for permit in self.families.permits
                if (permit.state, permit.kind) == (licence.state, licence.kind)
                and permit.id in self.ended_at
                and (export.key in permit.references or permit.key in export.references)
            ]
            if gone:
                missing += ended(max(gone, key=lambda permit: self.ended_at[permit.id])) or []
            else:
                missing.append(licence)
        days = [
            self.last_days[permit.id]
            for permit in self.families.counterparts(export, "import")
            if permit.state == export.importing_state
        ]
        return DepartureLicences(missing, max((day for day in days if day >= on), default=None))


PARTY_ROLES: Final = ("exporter", "importer", "broker", "carrier")
LICENSED_KINDS: Final = ("dealer", "manufacturer", "carrier", "private_security", "other")
CHECKED_STATUSES: Final = ("issued", "suspended", "exhausted")
UNSHIPPED_STATUSES: Final = ("planned", "released")
ACCEPTED_VERDICTS: Final = (LicenceVerdict.AUTHORISED, LicenceVerdict.NO_REGISTER)


def check_licences(state: str, licence_queries: Sequence[LicenceQuery]) -> list[LicenceVerdict]:
    """Return the verdict of a state's register on each query, in order.

    Reads as the state of the session: to query another state's register, the caller acts as it. Of
    several licences of one name, the most favourable counts.
    """
    if not licence_queries:
        return []
    roles = sorted({query.role for query in licence_queries})
    role = func.unnest(literal(roles, ARRAY(Text))).column_valued()
    of_role = select(Licensee.id).where(
        Licensee.owner_state == state, Licensee.roles.contains(array([role]))
    )
    registered = set(db.session.scalars(select(role).where(of_role.exists())))
    numbers = {query.licence for query in licence_queries if query.licence}
    keys = {name_key(query.name) for query in licence_queries if not query.licence}
    candidates = select(Licensee).where(
        Licensee.owner_state == state,
        or_(Licensee.number.in_(numbers), Licensee.name_key.in_(keys)),
    )
    rows = db.session.scalars(candidates.execution_options(populate_existing=True)).all()
    return [
        _verdict(query, rows) if query.role in registered else LicenceVerdict.NO_REGISTER
        for query in licence_queries
    ]


def _verdict(query: LicenceQuery, licensees: Iterable[Licensee]) -> LicenceVerdict:
    key, verdicts = name_key(query.name), set()
    for licensee in licensees:
        by_licence = licensee.number == query.licence
        if not (by_licence if query.licence else licensee.name_key == key):
            continue
        if query.role not in licensee.roles:
            verdict = LicenceVerdict.WRONG_ROLE
        elif licensee.inactive_since and licensee.inactive_since <= (query.until or query.on):
            verdict = LicenceVerdict.NOT_ACTIVE
        elif not licensee.valid_from <= query.on <= (licensee.valid_to or query.on):
            verdict = LicenceVerdict.EXPIRED
        else:
            verdict = LicenceVerdict.AUTHORISED
        verdicts.add(verdict)
    return next(
        (verdict for verdict in LicenceVerdict if verdict in verdicts),
        LicenceVerdict.NOT_REGISTERED,
    )


def require_known_parties(actor: Actor, batch: Sequence[PermitData]) -> None:
    """Raise PartyNotRegistered for the first unknown party, unless confirmed or refused."""
    by_state: dict[str, list[LicenceQuery]] = defaultdict(list)
    for data in batch:
        for role in PARTY_ROLES[:3] if not (data.refusal or data.confirm_unregistered) else ():
            party = getattr(data, role)
            if party is not None and party.kind in LICENSED_KINDS and party.name:
                query = LicenceQuery(role, party.name, party.licence, data.issued_on)
                by_state[party.country].append(query)
    for state in sorted(by_state.keys() & set(participants())):
        with acting_as(actor, state):
            verdicts = check_licences(state, by_state[state])
        for query, verdict in zip(by_state[state], verdicts, strict=True):
            if verdict is LicenceVerdict.NOT_REGISTERED:
                raise PartyNotRegistered(state, query.role, query.name)


def check_parties(actor: Actor, permits: Sequence[Permit], causes: Mapping[UUID, Actor]) -> None:
    """Raise a discrepancy for each party of own permits without a valid licence.

    A party is checked in the register of its own state: authorised on the day of issue, and not
    suspended, revoked or closed while the permit is valid. Persons with their own guns and
    authorities need no licence. A state without a register for the role raises nothing. Only the
    verdict is disclosed.
    """
    irregularities: dict[discrepancy_commands.DiscrepancySubject, list[Irregularity]] = {
        permit: [] for permit in permits
    }
    for permit, state, query, verdict in _find_verdicts(actor, permits):
        if verdict in ACCEPTED_VERDICTS:
            continue
        data = {"role": query.role, "state": state, "verdict": str(verdict)}
        irregularities[permit].append(Irregularity(PARTY_NOT_AUTHORISED, query.role, data))
    discrepancy_commands.update_discrepancies(
        actor, irregularities, (PARTY_NOT_AUTHORISED,), causes
    )


def list_verdicts(actor: Actor, permit: Permit) -> list[tuple[str, LicenceQuery, LicenceVerdict]]:
    """Return the status of each party in the register of its state, with that state."""
    require(actor, Permission.PERMIT_RECORD)
    verdicts = (row[1:] for row in _find_verdicts(actor, [permit]))
    return [row for row in verdicts if row[2] is not LicenceVerdict.NO_REGISTER]


def _find_verdicts(
    actor: Actor, permits: Sequence[Permit]
) -> Iterator[tuple[Permit, str, LicenceQuery, LicenceVerdict]]:
    """Yield each party of valid permits, with what the register of its state says."""
    by_state = group_by(_licence_queries(permits), lambda each: each[0])
    for state in sorted(by_state.keys() & set(participants())):
        with acting_as(actor, state):
            verdicts = check_licences(state, [query for _, _, query in by_state[state]])
        for (_, permit, query), verdict in zip(by_state[state], verdicts, strict=True):
            yield permit, state, query, verdict


def _licence_queries(permits: Sequence[Permit]) -> Iterator[tuple[str, Permit, LicenceQuery]]:
    """Yield a query for each licensed party of valid permits, with its state."""
    valid = [permit for permit in permits if permit.status in CHECKED_STATUSES]
    exhausted = [permit.id for permit in valid if permit.status == "exhausted"]
    unshipped = select(Shipment.permit_id).where(
        Shipment.permit_id.in_(exhausted), Shipment.status.in_(UNSHIPPED_STATUSES)
    )
    unfinished = set(db.session.scalars(unshipped)) if exhausted else set()
    parties = find_parties(
        getattr(permit, f"{role}_id") for permit in valid for role in PARTY_ROLES
    )
    for permit in valid:
        is_finished = permit.status == "exhausted" and permit.id not in unfinished
        until = None if is_finished else permit.last_day
        for role in PARTY_ROLES:
            party = parties.get(getattr(permit, f"{role}_id"))
            if party is not None and party.kind in LICENSED_KINDS and party.name:
                query = LicenceQuery(role, party.name, party.licence, permit.issued_on, until)
                yield party.country, permit, query


def find_permits_naming(
    actor: Actor, licensee_ids: Collection[UUID]
) -> Iterator[tuple[UUID, UUID, str]]:
    """Yield own licensees with all states' permits that name them by licence or name, and the owner.

    A party checked before its state had a register is found when its permit changes.
    """
    named = select(Licensee).where(Licensee.id.in_(licensee_ids))
    licensees = db.session.scalars(named).all() if licensee_ids else ()
    if not licensees:
        return
    by_number = group_by(licensees, lambda licensee: licensee.number)
    by_name = group_by(licensees, lambda licensee: licensee.name_key)
    party_ids = array([getattr(Permit, f"{role}_id") for role in PARTY_ROLES])
    naming = (
        select(Permit.id, Party.name, Party.licence)
        .join(Party, Party.id == any_(party_ids))
        .where(
            Permit.owner_state == bindparam("state"),
            Permit.status.in_(CHECKED_STATUSES),
            Party.country == actor.own_state(),
            Party.kind.in_(LICENSED_KINDS),
            Party.name.is_not(None),
            or_(Party.licence.in_(list(by_number)), Party.licence.is_(None)),
        )
    )
    for state in participants():
        with acting_as(actor, state):
            rows = db.session.execute(naming, {"state": state}).all()
        for permit_id, name, licence in rows:
            for licensee in by_number[licence] if licence else by_name[name_key(name or "")]:
                yield licensee.id, permit_id, state
