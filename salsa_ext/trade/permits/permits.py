"""Commands that record permits, singly or in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Duplicate, IllegalTransition, NotFound, OverQuantity, message
from salsa_ext.core.ids import new_id
from salsa_ext.core.text import format_quantity
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records.commands import PartyCollector
from salsa_ext.firearms.records.values import Party
from salsa_ext.notifications.commands import notify_others
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits import classification, families, quotas
from salsa_ext.trade.permits.allocation import Goods, allocate
from salsa_ext.trade.permits.checks import validate_permit
from salsa_ext.trade.permits.comparison import PermitKey
from salsa_ext.trade.permits.families import line_goods
from salsa_ext.trade.permits.models import Permit, PermitLine, PermitReference
from salsa_ext.trade.permits.values import PermitData


def require_unused_numbers(owner: str, wanted: Collection[tuple[str, str]]) -> None:
    """Raise Duplicate if the own state uses one of (kind, number)."""
    numbers = {number for _, number in wanted}
    found = select(Permit).where(Permit.owner_state == owner, Permit.number.in_(numbers))
    for permit in db.session.scalars(found.order_by(Permit.id)):
        if (permit.kind, permit.number) in wanted:
            raise Duplicate(
                message(
                    "Your state already has a permit of this kind and number: {number} of {day} (id"
                    " {id}).",
                    number=permit.number,
                    day=permit.issued_on,
                    id=permit.id,
                )
            )


def record(*, actor: Actor, data: PermitData, is_reissue: bool = False) -> UUID:
    """Record a permit of the own state.

    Raises Invalid or Duplicate.
    """
    return record_many(actor=actor, batch=[data], is_reissue=is_reissue)[0]


def record_many(
    *, actor: Actor, batch: Sequence[PermitData], is_reissue: bool = False
) -> list[UUID]:
    """Record permits in one transaction; return their ids in order.

    All or none. Each permit and its counterparts are classified at once. With `is_reissue` the
    goods repeat those of earlier permits.
    """
    require(actor, Permission.PERMIT_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    parties, agencies = PartyCollector(owner), agency_codes(owner)
    families.lock(
        actor, _family_keys(owner, batch), {owner}.union(*(each.concerned() for each in batch))
    )
    require_unused_numbers(owner, {(data.kind, data.number) for data in batch})
    rows, lines = [], []
    for data in batch:
        validate_permit(data, owner, on, agencies, is_reissue)
        row = _permit_row(data, owner, parties, now)
        rows.append(row)
        lines += [_line_row(row, line) for line in data.lines]
    parties.write()
    insert_many(Permit, rows)
    insert_many(PermitLine, lines)
    pairs = list(zip(rows, batch, strict=True))
    insert_many(
        PermitReference, [each for row, data in pairs for each in _reference_rows(row, data)]
    )
    recorded = _find_recorded(row["id"] for row in rows)
    replaced = replace_many(actor, recorded)
    quotas.recount(actor, [new for new in recorded if new.kind == "import" or new.replaces])
    classification.apply_changes(actor, [*recorded, *replaced])
    notify_others(actor, "permit_posted", recorded)
    append_many(actor, [_audit_recorded(row) for row in rows])
    return [row["id"] for row in rows]


def _family_keys(owner: str, batch: Sequence[PermitData]) -> set[PermitKey]:
    """Return the keys of a batch and of the documents it references."""
    said = {(data.kind, number) for data in batch for number in (data.number, data.replaces)}
    own = {(owner, kind, number) for kind, number in said if number}
    return own.union(*(data.references() for data in batch))


def _find_recorded(ids: Iterable[UUID]) -> list[Permit]:
    fresh = select(Permit).where(Permit.id.in_(list(ids))).order_by(Permit.id)
    return list(db.session.scalars(fresh.execution_options(populate_existing=True)))


def _reference_rows(row: dict[str, Any], data: PermitData) -> list[dict[str, Any]]:
    shared = {
        "permit_id": row["id"],
        "owner_state": row["owner_state"],
        "concerned": row["concerned"],
    }
    return [
        shared | {"state": state, "kind": kind, "number": number}
        for state, kind, number in sorted(data.references())
    ]


def _permit_row(
    data: PermitData, owner: str, parties: PartyCollector, now: datetime
) -> dict[str, Any]:
    concerned = sorted({owner, *data.concerned()})
    signatory = Party(data.authority.signatory, "government", owner)
    return {
        "id": new_id(),
        "version": 1,
        "owner_state": owner,
        "concerned": concerned,
        "kind": data.kind,
        "number": data.number,
        "document_kind": data.document_kind,
        "status": "refused" if data.refusal else "issued",
        "refusal": data.refusal,
        "counterpart_status": "awaiting_counterpart",
        "findings": [],
        "issued_on": data.issued_on,
        "expires_on": data.expires_on,
        "latest_import_on": data.latest_import_on,
        "agency": data.authority.agency,
        "signatory_id": parties.add(signatory, concerned),
        "regime": data.regime,
        "exporting_state": data.exporting_state,
        "importing_state": data.importing_state,
        "transit_states": list(data.transit_states),
        "exporter_id": parties.add(data.exporter, concerned),
        "importer_id": parties.add(data.importer, concerned),
        "final_consignee_id": parties.add(data.final_consignee, concerned),
        "broker_id": parties.add(data.broker, concerned),
        "source": data.source,
        "end_use": data.end_use,
        "conditions": data.conditions,
        "import_permit_number": data.import_permit.number if data.import_permit else None,
        "export_permit_number": data.export_permit.number if data.export_permit else None,
        "transit_permits": [vars(permit) for permit in data.transit_permits],
        "replaces": data.replaces,
        "plan": _plan_without_carrier(data),
        "carrier_id": parties.add(_plan_carrier(data, owner), concerned),
        "recorded_at": now,
    }


def _plan_without_carrier(data: PermitData) -> dict[str, Any] | None:
    """Return the plan without the carrier, stored with the parties."""
    if data.plan is None:
        return None
    return {name: value for name, value in data.plan.items() if name != "carrier"}


def _plan_carrier(data: PermitData, owner: str) -> Party | None:
    name = (data.plan or {}).get("carrier")
    return Party(name, "carrier", owner) if name else None


def _line_row(permit: dict[str, Any], line: Any) -> dict[str, Any]:
    return {
        "permit_id": permit["id"],
        "owner_state": permit["owner_state"],
        "concerned": permit["concerned"],
        "shipped": 0,
        "lapsed": 0,
    } | record_commands.firearm_columns(line)


def _audit_recorded(row: dict[str, Any]) -> AuditEvent:
    data = {"kind": row["kind"], "number": row["number"]}
    return AuditEvent(
        Action.PERMIT_RECORDED, "permit", row["id"], concerned=row["concerned"], data=data
    )


def lock_permit(
    actor: Actor, permit_id: UUID, expected_version: int | None, successor_number: str | None = None
) -> Permit:
    """Lock a permit of the own state with its whole family.

    The family of `successor_number`, the number of the replacing permit, is locked too. Raises
    NotFound, Forbidden for another state's permit, or StaleVersion.
    """
    permit = db.session.get(Permit, permit_id)
    if permit is None:
        raise NotFound("permit", permit_id)
    require(actor, Permission.PERMIT_RECORD, permit.owner_state)
    numbers = (permit.number, *([successor_number] if successor_number else []))
    keys = [(permit.owner_state, permit.kind, number) for number in numbers]
    families.lock(actor, keys, permit.concerned)
    return lock(Permit, permit_id, expected_version)


REPLACEABLE_STATUSES = ("issued", "suspended")
LinesByNumber = dict[int, PermitLine]


def replace_many(actor: Actor, permits: Sequence[Permit]) -> list[Permit]:
    """Replace the permits named by new ones; return the replaced permits.

    The remainder of a replaced permit lapses (Model Regulations 8.2). A number that is not recorded
    refers to a paper permit. Raises IllegalTransition if the old permit is not valid, OverQuantity
    if the new one has more than was left.
    """
    named = {
        (new.kind, new.replaces): new for new in permits if new.replaces and new.status != "refused"
    }
    if not named:
        return []
    own = (Permit.owner_state == actor.own_state(), tuple_(Permit.kind, Permit.number).in_(named))
    olds = db.session.scalars(select(Permit).where(*own).order_by(Permit.id).with_for_update())
    replaced = [(old, named[old.kind, old.number]) for old in olds]
    for old, new in replaced:
        _replace_permit(old, new)
    db.session.flush()
    add_events(actor, [NewEvent(old, "replaced", data={"by": new.number}) for old, new in replaced])
    notify_others(actor, "permit_replaced", [old for old, _ in replaced])
    append_many(actor, [_audit_replaced(old) for old, _ in replaced])
    return [old for old, _ in replaced]


def lapse_remaining(permit: Permit) -> None:
    """Lapse the undrawn quantity of a permit."""
    for line in lock_permit_lines(permit.id).values():
        line.lapsed = line.quantity - line.shipped


def lock_permit_lines(permit_id: UUID) -> LinesByNumber:
    """Return the lines of a permit by number, locked."""
    wanted = select(PermitLine).where(PermitLine.permit_id == permit_id).order_by(PermitLine.line)
    found = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {line.line: line for line in found}


def _replace_permit(old: Permit, new: Permit) -> None:
    if old.status not in REPLACEABLE_STATUSES:
        raise IllegalTransition("permit", old.status, "reissue")
    lines = lock_permit_lines(old.id)
    left = {number: line_goods(line, line.remaining) for number, line in lines.items()}
    fresh = {
        number: line_goods(line, line.quantity)
        for number, line in lock_permit_lines(new.id).items()
    }
    _check_replacement_quantities(fresh, left)
    lapse_remaining(old)
    old.status = "replaced"
    old.version += 1


def _check_replacement_quantities(fresh: dict[int, Goods], left: dict[int, Goods]) -> None:
    uncovered = allocate(fresh, left).uncovered
    for number, missing in uncovered.items():
        raise OverQuantity(
            message(
                "Line {line} has {missing} more than is left of the permit that this one replaces"
                " (Model Regulations 8.2 and 8.3); issue a certificate of its own for more.",
                line=number,
                missing=format_quantity(missing),
            ),
            {
                str(line): format_quantity(goods.quantity or Decimal(0))
                for line, goods in left.items()
            },
        )


def _audit_replaced(old: Permit) -> AuditEvent:
    return AuditEvent(
        Action.PERMIT_REPLACED,
        "permit",
        old.id,
        concerned=old.concerned,
        data={"kind": old.kind, "number": old.number},
    )
