"""Permits as their readers see them: lines, balance, status of the day, standing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching.counterparts import worst
from salsa_ext.models import Event, Permit, PermitLine
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import unauthorised
from salsa_ext.readmodels.days import days
from salsa_ext.readmodels.discrepancies import WAITING
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.remarks import Remark
from salsa_ext.readmodels.unauthorised import NamedParty
from salsa_ext.values.actor import Actor

PARTY_FIELDS = (
    "exporter_id",
    "importer_id",
    "final_consignee_id",
    "broker_id",
    "signatory_id",
    "carrier_id",
)
SIDES = ("exporter", "importer", "final_consignee")


@dataclass(frozen=True)
class PermitView:
    """A permit with all that an answer shows of it; `remarks` where it was just taken."""

    permit: Permit
    lines: Sequence[PermitLine]
    parties: Parties
    status: str
    standing: str
    findings: list[dict[str, Any]]
    events: Sequence[Event] = ()
    remarks: Sequence[Remark] | None = None

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
    for name in ("kind", "number", "exporting_state", "importing_state", "standing"):
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
    today, others = days(actor), _others(permits)
    lines, told = (
        _lines([permit.id for permit in permits]),
        of_subjects(permit.id for permit in permits),
    )
    doubted = unauthorised.of_permits(actor, [permit.id for permit in permits], WAITING)
    named = [*permits, *others.values()]
    parties = parties_of(getattr(permit, name) for permit in named for name in PARTY_FIELDS)
    result = []
    for permit in permits:
        findings = _findings(actor, permit, others, parties)
        gone = permit.status == "issued" and permit.last_day < today.of(permit.owner_state)
        status = "expired" if gone else permit.status
        standing = worst(found["code"] for found in findings)
        findings += map(_party, doubted[permit.id])
        result.append(
            PermitView(
                permit, lines[permit.id], parties, status, standing, findings, told[permit.id]
            )
        )
    return result


def _lines(permit_ids: Iterable[UUID]) -> dict[UUID, list[PermitLine]]:
    found: dict[UUID, list[PermitLine]] = defaultdict(list)
    query = select(PermitLine).where(PermitLine.permit_id.in_(list(permit_ids)))
    query = query.order_by(PermitLine.permit_id, PermitLine.line)
    for line in db.session.scalars(query.execution_options(populate_existing=True)):
        found[line.permit_id].append(line)
    return found


def _findings(
    actor: Actor, permit: Permit, others: Mapping[str, Permit], parties: Parties
) -> list[dict[str, Any]]:
    """Return the findings that the reader may know, with the names that stand with the parties."""
    seen = [dict(found) for found in permit.findings if actor.state in found["seen_by"]]
    for found in seen:
        found["number"] = found["number"] or _named(permit, found["state"], found["kind"])
        other = others.get(found["document"] or "")
        if found["field"] in SIDES and other is not None:
            found["ours"] = _name(parties, permit, found["field"])
            found["theirs"] = _name(parties, other, found["field"])
    return seen


def _named(permit: Permit, state: str, kind: str) -> str | None:
    """Return the number by which a permit names a counterpart that is awaited, where it does."""
    if kind == "in_transit":
        own = [each["number"] for each in permit.transit_permits if each["state"] == state]
        return ", ".join(own) or None
    return permit.import_permit_number if kind == "import" else permit.export_permit_number


def _party(doubted: NamedParty) -> dict[str, Any]:
    """Return the finding of a party: `ours` names it, `theirs` is what the register of its state says."""
    return {"code": unauthorised.KIND, "field": doubted.role, "ours": doubted.name,
            "theirs": doubted.verdict, "state": doubted.state, "kind": None, "number": None}  # fmt: skip


def _name(parties: Parties, permit: Permit, side: str) -> str | None:
    party = parties.get(getattr(permit, f"{side}_id"))
    return party.name if party else None


def _others(permits: Sequence[Permit]) -> dict[str, Permit]:
    """Return the counterparts that differ in a party, by id."""
    wanted = {
        found["document"] for permit in permits for found in permit.findings
        if found["field"] in SIDES and found["document"]
    }  # fmt: skip
    if not wanted:
        return {}
    found = db.session.scalars(select(Permit).where(Permit.id.in_(wanted)))
    return {str(permit.id): permit for permit in found}


def version(actor: Actor, permit_id: UUID) -> int:
    """Return the version that stands, to be compared with If-Match; raises NotFound."""
    found = db.session.scalar(select(Permit.version).where(Permit.id == permit_id))
    if found is None:
        raise NotFound("permit", permit_id)
    return found
