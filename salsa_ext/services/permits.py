"""Permits: what an authority issues, taken one by one or in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.matching.permits import Key
from salsa_ext.models import Permit, PermitLine, PermitReference
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import today
from salsa_ext.services import (
    announcements,
    balances,
    families,
    ledger,
    numbers,
    records,
    replacements,
    standings,
)
from salsa_ext.services.parties import Parties
from salsa_ext.services.permit_checks import check
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.parties import Party
from salsa_ext.values.permits import PermitData


def record(*, actor: Actor, data: PermitData) -> UUID:
    """Take one permit that the actor's state issued; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[PermitData]) -> list[UUID]:
    """Take permits in one transaction, all or none; returns their ids in order.

    Each is classified against its counterparts at once, and they against it.
    """
    require(actor, Permission.PERMIT_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    parties, agencies = Parties(owner), agency_codes(owner)
    families.lock(actor, _keys(owner, batch), {owner}.union(*(each.concerned() for each in batch)))
    numbers.require_free_permits(owner, {(data.kind, data.number) for data in batch})
    rows, lines = [], []
    for data in batch:
        check(data, owner, on, agencies)
        row = _row(data, owner, parties, now)
        rows.append(row)
        lines += [_line(row, line) for line in data.lines]
    parties.write()
    insert_many(Permit, rows)
    insert_many(PermitLine, lines)
    pairs = list(zip(rows, batch, strict=True))
    insert_many(PermitReference, [each for row, data in pairs for each in _references(row, data)])
    recorded = _recorded(row["id"] for row in rows)
    replaced = replacements.replace_many(actor, recorded)
    balances.recount(actor, [new for new in recorded if new.kind == "import" or new.replaces])
    ledger.refresh_under(actor, standings.refresh(actor, [*recorded, *replaced]))
    announcements.of_permits(actor, recorded, "permit_posted")
    append_many(actor, [_act(row) for row in rows])
    return [row["id"] for row in rows]


def _keys(owner: str, batch: Sequence[PermitData]) -> set[Key]:
    """Return the documents of a batch and those that they name, by which their families are found."""
    said = {(data.kind, number) for data in batch for number in (data.number, data.replaces)}
    own = {(owner, kind, number) for kind, number in said if number}
    return own.union(*(data.references() for data in batch))


def _recorded(ids: Iterable[UUID]) -> list[Permit]:
    fresh = select(Permit).where(Permit.id.in_(list(ids))).order_by(Permit.id)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _references(row: dict[str, Any], data: PermitData) -> list[dict[str, Any]]:
    shared = {"permit_id": row["id"], "owner_state": row["owner_state"],
              "concerned": row["concerned"]}  # fmt: skip
    return [
        shared | {"state": state, "kind": kind, "number": number}
        for state, kind, number in sorted(data.references())
    ]


def _row(data: PermitData, owner: str, parties: Parties, now: datetime) -> dict[str, Any]:
    concerned = sorted({owner, *data.concerned()})
    signatory = Party(data.authority.signatory, "government", owner)
    return {
        "id": new_id(), "version": 1, "owner_state": owner, "concerned": concerned,
        "kind": data.kind, "number": data.number, "document_kind": data.document_kind,
        "status": "refused" if data.refusal else "issued", "refusal": data.refusal,
        "standing": "awaiting_counterpart", "findings": [],
        "issued_on": data.issued_on, "expires_on": data.expires_on,
        "latest_import_on": data.latest_import_on,
        "agency": data.authority.agency, "signatory_id": parties.add(signatory, concerned),
        "regime": data.regime,
        "exporting_state": data.exporting_state, "importing_state": data.importing_state,
        "transit_states": list(data.transit_states),
        "exporter_id": parties.add(data.exporter, concerned),
        "importer_id": parties.add(data.importer, concerned),
        "final_consignee_id": parties.add(data.final_consignee, concerned),
        "broker_id": parties.add(data.broker, concerned),
        "source": data.source, "end_use": data.end_use, "conditions": data.conditions,
        "import_permit_number": data.import_permit.number if data.import_permit else None,
        "export_permit_number": data.export_permit.number if data.export_permit else None,
        "transit_permits": [vars(permit) for permit in data.transit_permits],
        "replaces": data.replaces, "plan": _plan(data),
        "carrier_id": parties.add(_carrier(data, owner), concerned), "recorded_at": now,
    }  # fmt: skip


def _plan(data: PermitData) -> dict[str, Any] | None:
    """Return the plan without its carrier, whose name stands with the parties."""
    if data.plan is None:
        return None
    return {name: value for name, value in data.plan.items() if name != "carrier"}


def _carrier(data: PermitData, owner: str) -> Party | None:
    name = (data.plan or {}).get("carrier")
    return Party(name, "carrier", owner) if name else None


def _line(permit: dict[str, Any], line: Any) -> dict[str, Any]:
    return {
        "permit_id": permit["id"], "owner_state": permit["owner_state"],
        "concerned": permit["concerned"], "shipped": 0, "lapsed": 0,
    } | records.describe(line)  # fmt: skip


def _act(row: dict[str, Any]) -> Act:
    data = {"kind": row["kind"], "number": row["number"]}
    return Act(Action.PERMIT_RECORDED, "permit", row["id"], concerned=row["concerned"], data=data)
