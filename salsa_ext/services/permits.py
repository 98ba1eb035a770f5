"""Permits: what an authority issues, taken one by one or in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.errors import say
from salsa_ext.models import Permit, PermitLine
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import agency_codes
from salsa_ext.readmodels.days import today
from salsa_ext.services import records
from salsa_ext.services.fields import (
    Problems,
    check_agency,
    check_date,
    check_firearms,
    check_unique_lines,
)
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.parties import Party
from salsa_ext.values.permits import PermitData, Reference


def record(*, actor: Actor, data: PermitData) -> UUID:
    """Take one permit that the actor's state issued; raises Invalid or Duplicate."""
    return record_many(actor=actor, batch=[data])[0]


def record_many(*, actor: Actor, batch: Sequence[PermitData]) -> list[UUID]:
    """Take permits in one transaction, all or none; returns their ids in order."""
    require(actor, Permission.PERMIT_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    parties, agencies = Parties(owner), agency_codes(owner)
    rows, lines = [], []
    for data in batch:
        check(data, owner, on, agencies)
        row = _row(data, owner, parties, now)
        rows.append(row)
        lines += [_line(row, line) for line in data.lines]
    parties.write()
    insert_many(Permit, rows)
    insert_many(PermitLine, lines)
    append_many(actor, [_act(row) for row in rows])
    return [row["id"] for row in rows]


def check(data: PermitData, owner: str, on: date, agencies: frozenset[str]) -> None:
    """Raise Invalid where the permit contradicts itself, or is not the owner's to issue.

    `agencies` are those of the owner.
    """
    problems = Problems()
    check_agency(problems, "authority.agency", data.authority.agency, agencies)
    _check_issuer(problems, data, owner)
    _check_dates(problems, data, on)
    _check_transit(problems, data)
    _check_references(problems, data)
    if not data.lines:
        problems.add("lines", say("A permit has at least one line."))
    check_firearms(problems, "lines", data.lines)
    check_unique_lines(problems, "lines", data.lines)
    problems.raise_any()


def _check_issuer(problems: Problems, data: PermitData, owner: str) -> None:
    if data.kind == "in_transit":
        if owner not in data.transit_states:
            problems.add(
                "transit_states",
                say("{state} issues this, so it must be among the transit states.", state=owner),
            )
        if not data.plan:
            problems.add(
                "plan", say("A transit authorization gives its plan (Model Regulations 4.2).")
            )
    elif data.issuing_state() != owner:
        field = "importing_state" if data.kind == "import" else "exporting_state"
        problems.add(
            field, say("Your state issues this document, so this must be {state}.", state=owner)
        )
    if data.exporting_state == data.importing_state:
        problems.add("importing_state", say("Two states are needed; for one, record a transfer."))


def _check_dates(problems: Problems, data: PermitData, on: date) -> None:
    check_date(problems, "issued_on", data.issued_on, on)
    if data.latest_import_on and data.latest_import_on < data.issued_on:
        problems.add(
            "latest_import_on", say("Nothing can be imported before the permit is issued.")
        )
    if data.expires_on < data.issued_on:
        problems.add("expires_on", say("A permit cannot expire before it is issued."))
    elif (data.expires_on - data.issued_on).days > 366:
        problems.add(
            "expires_on", say("A permit is valid for one year at most (Model Regulations 8.1).")
        )


def _check_transit(problems: Problems, data: PermitData) -> None:
    sides = (data.exporting_state, data.importing_state)
    for index, state in enumerate(data.transit_states):
        if state in sides:
            said = say("{state} exports or imports; a transit state lies between.", state=state)
            problems.add(f"transit_states.{index}", said)
        elif state in data.transit_states[:index]:
            problems.add(f"transit_states.{index}", say("{state} appears twice.", state=state))


def _check_references(problems: Problems, data: PermitData) -> None:
    named: list[tuple[str, Reference | None, Sequence[str]]] = [
        ("import_permit", data.import_permit, [data.importing_state]),
        ("export_permit", data.export_permit, [data.exporting_state]),
    ] + [("transit_permits", permit, data.transit_states) for permit in data.transit_permits]
    for field, permit, states in named:
        if permit and permit.state not in states:
            problems.add(f"{field}.state" if field != "transit_permits" else field,
                         say("This document is issued by {state}.", state=", ".join(states)))  # fmt: skip


def _row(data: PermitData, owner: str, parties: Parties, now: datetime) -> dict[str, Any]:
    concerned = sorted({owner, *data.concerned()})
    signatory = Party(data.authority.signatory, "government", owner)
    return {
        "id": new_id(), "version": 1, "owner_state": owner, "concerned": concerned,
        "kind": data.kind, "number": data.number, "document_kind": data.document_kind,
        "status": "issued",
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
        "concerned": permit["concerned"], "shipped": 0,
    } | records.describe(line)  # fmt: skip


def _act(row: dict[str, Any]) -> Act:
    data = {"kind": row["kind"], "number": row["number"]}
    return Act(Action.PERMIT_RECORDED, "permit", row["id"], concerned=row["concerned"], data=data)
