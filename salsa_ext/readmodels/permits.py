"""Permits as their readers see them: lines, balance, status of the day, standing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, tuple_

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Permit, PermitLine
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.values.actor import Actor

PARTY_FIELDS = (
    "exporter_id",
    "importer_id",
    "final_consignee_id",
    "broker_id",
    "signatory_id",
    "carrier_id",
)
COUNTERPART = {"import": "export", "export": "import", "in_transit": "export"}


@dataclass(frozen=True)
class PermitView:
    """A permit with all that an answer shows of it."""

    permit: Permit
    lines: Sequence[PermitLine]
    parties: Parties
    status: str
    standing: str
    findings: list[dict[str, Any]]

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.permit.version


def status_on(today: ColumnElement[date]) -> ColumnElement[str]:
    """Return the status as of `today`: an issued permit whose last day is over has expired."""
    gone = and_(Permit.status == "issued", Permit.last_day < today)
    return case((gone, "expired"), else_=Permit.status)


def list_permits(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[PermitView]:
    """Return a page of permits that concern the actor's state, newest first."""
    require(actor, Permission.PERMIT_READ)
    query = select(Permit)
    for name in ("kind", "number", "exporting_state", "importing_state"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Permit, name) == value)
    if (status := filters.get("status")) is not None:
        query = query.where(status_on(days(actor).column(Permit.owner_state)) == status)
    found = page(query, Permit.id, limit, cursor)
    return found.of(views(actor, found.items))


def get_permit(actor: Actor, permit_id: UUID) -> PermitView:
    """Return one permit; raises NotFound where it does not concern the actor's state."""
    require(actor, Permission.PERMIT_READ)
    return read(actor, permit_id)


def read(actor: Actor, permit_id: UUID) -> PermitView:
    """Return one permit that the state may see, for a command that just wrote it."""
    permit = db.session.get(Permit, permit_id, populate_existing=True)
    if permit is None:
        raise NotFound("permit", permit_id)
    return views(actor, [permit])[0]


def views(actor: Actor, permits: Sequence[Permit]) -> list[PermitView]:
    """Complete permits with one query for each kind of thing, however many they are."""
    if not permits:
        return []
    today = days(actor)
    counterparts = _counterparts(permits)
    others = [other.id for found in counterparts.values() for other in found]
    lines = _lines({*others, *(permit.id for permit in permits)})
    parties = parties_of(getattr(permit, name) for permit in permits for name in PARTY_FIELDS)
    result = []
    for permit in permits:
        own = lines[permit.id]
        findings = _findings(permit, counterparts[permit.id], lines)
        gone = permit.status == "issued" and permit.last_day < today.of(permit.owner_state)
        status = "expired" if gone else permit.status
        standing = findings[0]["code"] if findings else "complete"
        result.append(PermitView(permit, own, parties, status, standing, findings))
    return result


def _lines(permit_ids: Iterable[UUID]) -> dict[UUID, list[PermitLine]]:
    found: dict[UUID, list[PermitLine]] = defaultdict(list)
    query = select(PermitLine).where(PermitLine.permit_id.in_(list(permit_ids)))
    query = query.order_by(PermitLine.permit_id, PermitLine.line)
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        found[line.permit_id].append(line)
    return found


def _counterparts(permits: Sequence[Permit]) -> dict[UUID, list[Permit]]:
    """Find the other side of each permit among those that the state may see, in one query."""
    found: dict[UUID, list[Permit]] = defaultdict(list)
    if not permits:
        return found
    for other in db.session.scalars(_counterpart_query(permits)):
        for permit in permits:
            if _are_counterparts(permit, other):
                found[permit.id].append(other)
    return found


def _counterpart_query(permits: Sequence[Permit]) -> Select[Any]:
    named = [
        (permit.importing_state, "import", permit.import_permit_number)
        for permit in permits if permit.import_permit_number
    ] + [
        (permit.exporting_state, "export", permit.export_permit_number)
        for permit in permits if permit.export_permit_number
    ]  # fmt: skip
    naming = [(permit.owner_state, permit.number) for permit in permits if permit.kind == "import"]
    return (
        select(Permit)
        .where(
            or_(
                tuple_(Permit.owner_state, Permit.kind, Permit.number).in_(named),
                and_(
                    Permit.kind == "export",
                    tuple_(Permit.importing_state, Permit.import_permit_number).in_(naming),
                ),
            )
        )
        .order_by(Permit.id)
    )


def _are_counterparts(permit: Permit, other: Permit) -> bool:
    if other.kind != COUNTERPART[permit.kind]:
        return False
    match permit.kind:
        case "import":
            named = (other.importing_state, other.import_permit_number)
            return named == (permit.owner_state, permit.number)
        case "export":
            named = (permit.importing_state, permit.import_permit_number)
        case _:
            named = (permit.exporting_state, permit.export_permit_number)
    return named == (other.owner_state, other.number)


def _findings(
    permit: Permit, others: list[Permit], lines: dict[UUID, list[PermitLine]]
) -> list[dict[str, Any]]:
    """Say where the two sides differ; the first finding names the standing."""
    if not others:
        return [{"code": "awaiting_counterpart", "field": None, "ours": None, "theirs": None}]
    other = others[0]
    found = [
        {
            "code": "mismatch",
            "field": name,
            "ours": mine,
            "theirs": theirs,
            "state": other.owner_state,
        }
        for name in ("exporting_state", "importing_state")
        if (mine := getattr(permit, name)) != (theirs := getattr(other, name))
    ]
    ours, theirs = (sum(line.quantity for line in lines[side.id]) for side in (permit, other))
    over = ours > theirs if permit.kind == "export" else theirs > ours
    if permit.kind != "in_transit" and over:
        found.append({"code": "over_quantity", "field": "quantity", "ours": str(ours),
                      "theirs": str(theirs), "state": other.owner_state})  # fmt: skip
    return found
