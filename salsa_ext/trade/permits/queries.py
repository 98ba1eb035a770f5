"""Queries on permits: lines, quotas, status of the day, findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.firearms.records.queries import PartiesById, find_parties
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.suggestions import WordRemark
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import UnauthorisedParty
from salsa_ext.trade.discrepancies.values import PARTY_NOT_AUTHORISED
from salsa_ext.trade.events import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.comparison import counterpart_status
from salsa_ext.trade.permits.models import Permit, PermitLine

PARTY_COLUMNS = (
    "exporter_id",
    "importer_id",
    "final_consignee_id",
    "broker_id",
    "signatory_id",
    "carrier_id",
)
NAMED_PARTIES = ("exporter", "importer", "final_consignee")


@dataclass(frozen=True)
class PermitView:
    """A permit with everything that an answer shows.

    `remarks` are set only directly after recording.
    """

    permit: Permit
    lines: Sequence[PermitLine]
    parties: PartiesById
    status: str
    counterpart_status: str
    findings: list[dict[str, Any]]
    events: Sequence[TradeEvent] = ()
    remarks: Sequence[WordRemark] | None = None

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.permit.version


def status_expression(today: ColumnElement[date]) -> ColumnElement[str]:
    """Return the status on `today`: issued permits past their last day expired."""
    gone = and_(Permit.status == "issued", Permit.last_day < today)
    return case((gone, "expired"), else_=Permit.status)


def list_permits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[PermitView]:
    """Return a page of the own state's concerned permits, newest first."""
    require(actor, Permission.PERMIT_READ)
    query = select(Permit)
    for name in ("kind", "number", "exporting_state", "importing_state", "counterpart_status"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Permit, name) == value)
    if (status := filters.get("status")) is not None:
        query = query.where(
            status_expression(local_days(actor).column(Permit.owner_state)) == status
        )
    found = fetch_page(query, Permit.id, limit, cursor)
    return found.of(view_permits(actor, found.items))


def get_permit(actor: Actor, permit_id: UUID) -> PermitView:
    """Return a permit that concerns the own state; raises NotFound."""
    require(actor, Permission.PERMIT_READ)
    return read_permit(actor, permit_id)


def read_permit(actor: Actor, permit_id: UUID) -> PermitView:
    """Return a visible permit without a permission check; raises NotFound."""
    permit = db.session.get(Permit, permit_id, populate_existing=True)
    if permit is None:
        raise NotFound("permit", permit_id)
    return view_permits(actor, [permit])[0]


def view_permits(actor: Actor, permits: Sequence[Permit]) -> list[PermitView]:
    """Return views of permits, with a fixed number of queries."""
    if not permits:
        return []
    today, others = local_days(actor), _differing_counterparts(permits)
    lines, told = (
        _lines_by_permit([permit.id for permit in permits]),
        events_by_subject(permit.id for permit in permits),
    )
    doubted = discrepancy_queries.list_unauthorised_parties(
        actor, [permit.id for permit in permits]
    )
    named = [*permits, *others.values()]
    parties = find_parties(getattr(permit, name) for permit in named for name in PARTY_COLUMNS)
    result = []
    for permit in permits:
        findings = _visible_findings(actor, permit, others, parties)
        gone = permit.status == "issued" and permit.last_day < today.of(permit.owner_state)
        status = "expired" if gone else permit.status
        standing = counterpart_status(found["code"] for found in findings)
        findings += map(_party_finding, doubted.get(permit.id, ()))
        result.append(
            PermitView(
                permit, lines[permit.id], parties, status, standing, findings, told[permit.id]
            )
        )
    return result


def _lines_by_permit(permit_ids: Iterable[UUID]) -> dict[UUID, list[PermitLine]]:
    found: dict[UUID, list[PermitLine]] = defaultdict(list)
    query = select(PermitLine).where(PermitLine.permit_id.in_(list(permit_ids)))
    query = query.order_by(PermitLine.permit_id, PermitLine.line)
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        found[line.permit_id].append(line)
    return found


def _visible_findings(
    actor: Actor, permit: Permit, others: Mapping[str, Permit], parties: PartiesById
) -> list[dict[str, Any]]:
    """Return the findings visible to the reader, with party names."""
    seen = [dict(found) for found in permit.findings if actor.state in found["visible_to"]]
    for found in seen:
        found["number"] = found["number"] or _referenced_number(
            permit, found["state"], found["kind"]
        )
        other = others.get(found["document"] or "")
        if found["field"] in NAMED_PARTIES and other is not None:
            found["ours"] = _party_name(parties, permit, found["field"])
            found["theirs"] = _party_name(parties, other, found["field"])
    return seen


def _referenced_number(permit: Permit, state: str, kind: str) -> str | None:
    """Return the number by which a permit references an awaited counterpart."""
    if kind == "in_transit":
        own = [each["number"] for each in permit.transit_permits if each["state"] == state]
        return ", ".join(own) or None
    return permit.import_permit_number if kind == "import" else permit.export_permit_number


def _party_finding(doubted: UnauthorisedParty) -> dict[str, Any]:
    """Return a finding for a party that is not authorised.

    `ours` is its name, `theirs` the verdict of its state's register.
    """
    return {
        "code": PARTY_NOT_AUTHORISED,
        "field": doubted.role,
        "ours": doubted.name,
        "theirs": doubted.verdict,
        "state": doubted.state,
        "kind": None,
        "number": None,
    }


def _party_name(parties: PartiesById, permit: Permit, side: str) -> str | None:
    party = parties.get(getattr(permit, f"{side}_id"))
    return party.name if party else None


def _differing_counterparts(permits: Sequence[Permit]) -> dict[str, Permit]:
    """Return the counterparts that differ in a party, by id."""
    wanted = {
        found["document"]
        for permit in permits
        for found in permit.findings
        if found["field"] in NAMED_PARTIES and found["document"]
    }
    if not wanted:
        return {}
    found = db.session.scalars(select(Permit).where(Permit.id.in_(wanted)))
    return {str(permit.id): permit for permit in found}


def permit_version(actor: Actor, permit_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    found = db.session.scalar(select(Permit.version).where(Permit.id == permit_id))
    if found is None:
        raise NotFound("permit", permit_id)
    return found


def list_amendments(actor: Actor, view: PermitView) -> tuple[list[dict[str, Any]], PartiesById]:
    """Return a permit's amended fields as its paper lists them (8.5).

    Returns rows (day in the issuing state's calendar, field, before, after, agency, authentication)
    and the carriers named in them, by id.
    """
    amended = [event for event in view.events if event.kind == "amended"]
    if not amended:
        return [], {}
    carriers = find_parties(_carrier_ids(amended))
    zones, permit = local_days(actor), view.permit
    rows = [
        {
            "on": zones.on(permit.owner_state, event.occurred_at).isoformat(),
            "field": field,
            "before": _displayed_value(carriers, field, before),
            "after": _displayed_value(carriers, field, event.data["after"].get(field)),
            "agency": permit.agency,
            "authentication": event.data.get("authentication"),
        }
        for event in amended
        for field, before in sorted(event.data["before"].items())
    ]
    return rows, carriers


def _carrier_ids(amended: Iterable[TradeEvent]) -> Iterator[UUID | None]:
    for event in amended:
        for said in (event.data["before"], event.data["after"]):
            yield UUID(said["carrier"]) if said.get("carrier") else None


def _displayed_value(carriers: PartiesById, field: str, value: str | None) -> str | None:
    """Return a value for display; a carrier by its name."""
    if field != "carrier" or value is None:
        return value
    party = carriers.get(UUID(value))
    return party.name if party else None
