"""Queries on permits: lines, quotas, status of the day, findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.codes import FIELD_GROUPS
from salsa_ext.core.fields import OWNER, presenter
from salsa_ext.core.rows import from_row
from salsa_ext.database.paging import Listing, Page
from salsa_ext.database.session import db, read_row
from salsa_ext.firearms.marks.values import RecordedFirearm
from salsa_ext.firearms.records.queries import PartiesById, find_parties, recorded_party
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.suggestions import WordRemark
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.values import PARTY_NOT_AUTHORISED
from salsa_ext.trade.event_log import events_by_subject
from salsa_ext.trade.models import TradeEvent
from salsa_ext.trade.permits.comparison import COMPARED_PARTIES, counterpart_status
from salsa_ext.trade.permits.licensees import select_permits
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.permits.values import DocumentReference, IssuingAuthority, PermitData

PARTY_COLUMNS: Final = tuple(
    "exporter_id importer_id final_consignee_id broker_id signatory_id carrier_id".split()
)


@dataclass(frozen=True)
class PermitView:
    """A permit with everything that an answer shows. `remarks` are set only directly after recording."""

    permit: Permit
    lines: Sequence[PermitLine]
    parties: PartiesById
    status: str
    counterpart_status: str
    findings: list[dict[str, Any]]
    events: Sequence[TradeEvent] = ()
    remarks: Sequence[WordRemark] | None = None
    is_own: bool = False

    def present(self) -> dict[str, Any]:
        """Return the declared fields; those of no group for the own state alone."""
        groups = frozenset((*FIELD_GROUPS, OWNER) if self.is_own else FIELD_GROUPS)
        permit = recorded_permit(self.permit, self.parties, self.lines)
        return presenter(PermitData, groups)(permit)

    @property
    def version(self) -> int:
        """Return the version that commands compare."""
        return self.permit.version


def recorded_permit(
    permit: Permit, parties: PartiesById, lines: Sequence[PermitLine]
) -> PermitData:
    """Return what a permit says, as far as its parties are readable."""
    named = {
        name: recorded_party(parties, getattr(permit, f"{name}_id"))
        for name in "exporter importer final_consignee broker signatory carrier".split()
    }
    signatory: Any = named.pop("signatory")
    carrier = named.pop("carrier")
    references = {
        f"{kind}_permit": DocumentReference(state, number) if number else None
        for kind, state, number in (
            ("import", permit.importing_state, permit.import_permit_number),
            ("export", permit.exporting_state, permit.export_permit_number),
        )
    }
    data = from_row(
        PermitData,
        permit,
        authority=IssuingAuthority(permit.agency, signatory and signatory.name),
        lines=tuple(from_row(RecordedFirearm, line) for line in lines),
        **named,
        **references,
    )
    if data.plan and carrier:
        data = replace(data, plan=replace(data.plan, carrier=carrier.name))
    return data


LISTING: Final = Listing(Permit, "issued_on", ("issued_on", "last_day", "number"))


def status_expression(today: ColumnElement[date]) -> ColumnElement[str]:
    """Return the status on `today`: issued permits past their last day expired."""
    is_expired = and_(Permit.status == "issued", Permit.last_day < today)
    return case((is_expired, "expired"), else_=Permit.status)


def list_permits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[PermitView]:
    """Return a page of the own state's concerned permits, newest first."""
    require(actor, Permission.PERMIT_READ)
    query = select(Permit)
    for name in ("kind", "number", "exporting_state", "importing_state", "counterpart_status"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Permit, name) == value)
    if (licensee := filters.get("licensee")) is not None:
        require(actor, Permission.LICENSEE_READ)
        query = query.where(Permit.id.in_(select_permits(licensee)))
    if (number := filters.get("external_id")) is not None:
        query = query.where(Permit.owner_state == actor.state, Permit.has_external_id(number))
    if (status := filters.get("status")) is not None:
        query = query.where(
            status_expression(local_days(actor).column(Permit.owner_state)) == status
        )
    page = LISTING.fetch(query, filters, limit, cursor)
    return page.with_items(view_permits(actor, page.items))


def get_permit(actor: Actor, permit_id: UUID) -> PermitView:
    """Return a permit that concerns the own state; raises NotFound."""
    require(actor, Permission.PERMIT_READ)
    return read_permit(actor, permit_id)


def read_permit(actor: Actor, permit_id: UUID) -> PermitView:
    """Return a visible permit without a permission check; raises NotFound."""
    return view_permits(actor, [read_row(Permit, permit_id)])[0]


def permit_version(actor: Actor, permit_id: UUID) -> int:
    """Return the current version for If-Match; raises NotFound."""
    return read_row(Permit, permit_id).version


def view_permits(actor: Actor, permits: Sequence[Permit]) -> list[PermitView]:
    """Return views of permits, with a fixed number of queries."""
    if not permits:
        return []
    ids = [permit.id for permit in permits]
    of_permits = select(PermitLine).where(PermitLine.permit_id.in_(ids)).order_by(PermitLine.line)
    rows = db.session.scalars(of_permits.execution_options(populate_existing=True))
    lines, events = group_by(rows, lambda line: line.permit_id), events_by_subject(ids)
    unauthorised = discrepancy_queries.list_unauthorised_parties(actor, ids)
    differing = {
        finding["document"]
        for permit in permits
        for finding in permit.findings
        if finding["field"] in COMPARED_PARTIES and finding["document"]
    }
    query = select(Permit).where(Permit.id.in_(differing))
    counterparts = db.session.scalars(query).all() if differing else ()
    parties = find_parties(
        getattr(permit, name) for permit in (*permits, *counterparts) for name in PARTY_COLUMNS
    )
    by_id, today = {str(permit.id): permit for permit in counterparts}, local_days(actor)
    views = []
    for permit in permits:
        findings = _visible_findings(actor, permit, by_id, parties)
        is_expired = permit.status == "issued" and permit.last_day < today.today(permit.owner_state)
        status = "expired" if is_expired else permit.status
        counterpart = counterpart_status(finding["code"] for finding in findings)
        for party in unauthorised.get(permit.id, ()):  # its name, and the verdict of the register
            finding = {"field": party.role, "ours": party.name, "theirs": party.verdict}
            source = {"state": party.state, "kind": None, "number": None}
            findings.append({"code": PARTY_NOT_AUTHORISED} | finding | source)
        own = lines[permit.id], parties, status, counterpart, findings, events[permit.id]
        views.append(PermitView(permit, *own, is_own=permit.owner_state == actor.state))
    return views


def visible_counterpart_status(actor: Actor, permit: Permit) -> str:
    """Return the counterpart status of a permit, by the findings visible to the reader."""
    return counterpart_status(
        finding["code"] for finding in permit.findings if actor.state in finding["visible_to"]
    )


def _visible_findings(
    actor: Actor, permit: Permit, counterparts: Mapping[str, Permit], parties: PartiesById
) -> list[dict[str, Any]]:
    """Return the findings visible to the reader, with party names and referenced numbers."""
    findings = [dict(row) for row in permit.findings if actor.state in row["visible_to"]]
    for finding in findings:
        if not finding["number"]:
            finding["number"] = _referenced_number(permit, finding["state"], finding["kind"])
        field, other = finding["field"], counterparts.get(finding["document"] or "")
        if field in COMPARED_PARTIES and other is not None:
            for name, document in (("ours", permit), ("theirs", other)):
                party = parties.get(getattr(document, f"{field}_id"))
                finding[name] = party.name if party else None
    return findings


def _referenced_number(permit: Permit, state: str, kind: str) -> str | None:
    """Return the number by which a permit references an awaited counterpart."""
    if kind == "in_transit":
        numbers = [row["number"] for row in permit.transit_permits if row["state"] == state]
        return ", ".join(numbers) or None
    return permit.import_permit_number if kind == "import" else permit.export_permit_number


def list_amendments(actor: Actor, view: PermitView) -> tuple[list[dict[str, Any]], PartiesById]:
    """Return a permit's amended fields as its paper lists them (8.5).

    Returns rows (day in the issuing state's calendar, field, before, after, agency, authentication)
    and the carriers named in them, by id.
    """
    amended = [event for event in view.events if event.kind == "amended"]
    values = [event.data[name].get("carrier") for event in amended for name in ("before", "after")]
    carriers = find_parties(UUID(value) for value in values if value)

    def display(field: str, value: str | None) -> str | None:
        if field != "carrier" or value is None:
            return value
        party = carriers.get(UUID(value))
        return party.name if party else None

    zones, permit = local_days(actor), view.permit
    rows = [
        {
            "on": zones.on(permit.owner_state, event.occurred_at).isoformat(),
            "field": field,
            "before": display(field, before),
            "after": display(field, event.data["after"].get(field)),
            "agency": permit.agency,
            "authentication": event.data.get("authentication"),
        }
        for event in amended
        for field, before in sorted(event.data["before"].items())
    ]
    return rows, carriers
