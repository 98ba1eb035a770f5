"""Commands that record permits, singly or in batches; locks of recorded ones."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.access.audit import append_many, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNISSUED_STATUSES
from salsa_ext.core.errors import Duplicate, IllegalTransition, OverQuantity, message
from salsa_ext.core.ids import new_id
from salsa_ext.core.rows import to_row
from salsa_ext.core.text import format_quantity
from salsa_ext.database import locks
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, read_row
from salsa_ext.firearms.records.parties import Party
from salsa_ext.firearms.records.record_writing import PartyCollector, firearm_columns
from salsa_ext.reference.agencies import agency_codes
from salsa_ext.reference.calendars import today
from salsa_ext.reference.state_settings import load_settings
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits import classification, licensing, quotas
from salsa_ext.trade.permits.allocation import allocate
from salsa_ext.trade.permits.comparison import PermitKey
from salsa_ext.trade.permits.families import line_goods
from salsa_ext.trade.permits.models import Permit, PermitLine, PermitReference
from salsa_ext.trade.permits.validation import validate_permit
from salsa_ext.trade.permits.values import PermitData

REPLACEABLE_STATUSES: Final = ("issued", "suspended")


def record(*, actor: Actor, data: PermitData, is_reissue: bool = False) -> UUID:
    """Record a permit of the own state; raises Invalid, Duplicate or PartyNotRegistered."""
    return record_many(actor=actor, batch=[data], is_reissue=is_reissue)[0]


def record_many(
    *, actor: Actor, batch: Sequence[PermitData], is_reissue: bool = False
) -> list[UUID]:
    """Record permits in one transaction; return their ids in order.

    All or none. The states concerned compare them with their counterparts by their jobs. With
    `is_reissue` the goods repeat those of earlier permits. Where the state's setting requires a
    second person, they are proposals, which no other state sees before they are approved.
    """
    require(actor, Permission.PERMIT_RECORD)
    owner, now, on = actor.own_state(), actor.now(), today(actor)
    parties, agencies = PartyCollector(owner), agency_codes(owner)
    settings = load_settings(owner).settings
    years, is_proposal = settings.equivalent_years, "permit" in settings.second_person
    for data in batch:
        validate_permit(data, owner, on, agencies, years, is_reissue)
    if not is_reissue:
        licensing.require_known_parties(actor, batch)
    locks.lock_trade([owner])
    _require_unused_numbers(owner, batch)
    rows, lines = [], []
    for data in batch:
        row = _permit_row(data, owner, parties, now)
        if is_proposal:
            row |= {"concerned": [owner], "status": "proposed"}
        rows.append(row)
        part = {"permit_id": row["id"], "owner_state": owner, "concerned": row["concerned"]}
        lines += [part | {"shipped": 0, "lapsed": 0} | firearm_columns(line) for line in data.lines]
    parties.write(readers=[owner] if is_proposal else None)
    insert_many(Permit, rows)
    insert_many(PermitLine, lines)
    ids = [row["id"] for row in rows]
    query = select(Permit).where(Permit.id.in_(ids)).order_by(Permit.id)
    recorded = list(db.session.scalars(query.execution_options(populate_existing=True)))
    if is_proposal:
        _audit(actor, Action.PERMIT_PROPOSED, recorded)
    else:
        named = [data.references() for data in batch]
        issue(actor, recorded, dict(zip(ids, named, strict=True)))
    return ids


def issue(
    actor: Actor, recorded: Sequence[Permit], references: Mapping[UUID, Collection[PermitKey]]
) -> None:
    """Let permits of the own state take effect; `references` are the documents that each names.

    Raises IllegalTransition or OverQuantity for what they replace.
    """
    rows = [
        {"permit_id": permit.id, "owner_state": permit.owner_state, "concerned": permit.concerned}
        | {"state": state, "kind": kind, "number": number}
        for permit in recorded
        for state, kind, number in sorted(references[permit.id])
    ]
    insert_many(PermitReference, rows)
    _replace_many(actor, recorded)
    quotas.recount(actor, [new for new in recorded if new.kind == "import" or new.replaces])
    classification.compare_recorded(actor, [permit.id for permit in recorded])
    _audit(actor, Action.PERMIT_RECORDED, recorded)


def _audit(actor: Actor, action: Action, rows: Sequence[Permit]) -> None:
    append_many(actor, [audit_event(action, row, kind=row.kind, number=row.number) for row in rows])


def _require_unused_numbers(owner: str, batch: Sequence[PermitData]) -> None:
    """Raise Duplicate if the own state uses the kind and number of one of these."""
    if duplicates := [used for used in _used_numbers(owner, batch) if used]:
        raise min(duplicates, key=lambda used: str(used.details["existing"]))


def find_used(actor: Actor, batch: Sequence[PermitData]) -> list[Duplicate | None]:
    """Return for each permit whether the own state uses its kind and number."""
    require(actor, Permission.PERMIT_RECORD)
    return _used_numbers(actor.own_state(), batch)


def _used_numbers(owner: str, batch: Sequence[PermitData]) -> list[Duplicate | None]:
    numbers = {(data.kind, data.number) for data in batch}
    query = select(Permit).where(
        Permit.owner_state == owner,
        Permit.status != "returned",
        tuple_(Permit.kind, Permit.number).in_(numbers),
    )
    used = {(permit.kind, permit.number): permit for permit in db.session.scalars(query)}
    return [
        _number_used(used[data.kind, data.number]) if (data.kind, data.number) in used else None
        for data in batch
    ]


def _number_used(permit: Permit) -> Duplicate:
    text = message(
        "Your state already has a permit of this kind and number: {number} of {day} (id {id}).",
        number=permit.number,
        day=permit.issued_on,
        id=permit.id,
    )
    return Duplicate(text, existing=permit.id)


def _permit_row(
    data: PermitData, owner: str, parties: PartyCollector, now: datetime
) -> dict[str, Any]:
    concerned = sorted({owner, *data.concerned()})
    signatory = Party(data.authority.signatory, "government", owner)
    carrier = data.plan.carrier if data.plan else None
    return to_row(data) | {
        "id": new_id(),
        "version": 1,
        "owner_state": owner,
        "concerned": concerned,
        "status": "refused" if data.refusal else "issued",
        "counterpart_status": "awaiting_counterpart",
        "findings": [],
        "agency": data.authority.agency,
        "signatory_id": parties.add(signatory, concerned),
        "exporter_id": parties.add(data.exporter, concerned),
        "importer_id": parties.add(data.importer, concerned),
        "final_consignee_id": parties.add(data.final_consignee, concerned),
        "broker_id": parties.add(data.broker, concerned),
        "import_permit_number": data.import_permit.number if data.import_permit else None,
        "export_permit_number": data.export_permit.number if data.export_permit else None,
        "carrier_id": parties.add(Party(carrier, "carrier", owner) if carrier else None, concerned),
        "recorded_at": now,
    }


def lock_permit(actor: Actor, permit_id: UUID, expected_version: int | None) -> Permit:
    """Lock an own permit with its shipments; raises NotFound, Forbidden, StaleVersion."""
    permit = read_row(Permit, permit_id)
    require(actor, Permission.PERMIT_RECORD, permit.owner_state)
    locks.lock_trade([permit.owner_state])
    return locks.lock(Permit, permit_id, expected_version)


def lock_permit_lines(permit_id: UUID) -> dict[int, PermitLine]:
    """Return the lines of a permit by number, locked."""
    return {line.line: line for line in quotas.lock_lines([permit_id]).values()}


def lapse_remaining(permit: Permit) -> None:
    """Lapse the undrawn quantity of a permit."""
    for line in lock_permit_lines(permit.id).values():
        line.lapsed = line.quantity - line.shipped


def _replace_many(actor: Actor, permits: Sequence[Permit]) -> None:
    """Replace the permits named by new ones.

    The remainder of a replaced permit lapses (Model Regulations 8.2). A number that is not recorded
    refers to a paper permit. Raises IllegalTransition if the old permit is not valid, OverQuantity
    if the new one has more than was left.
    """
    successors = {
        (new.kind, new.replaces): new for new in permits if new.replaces and new.status != "refused"
    }
    if not successors:
        return
    query = select(Permit).where(
        Permit.owner_state == actor.own_state(),
        Permit.status.not_in(UNISSUED_STATUSES),
        tuple_(Permit.kind, Permit.number).in_(successors),
    )
    replaced = db.session.scalars(query.order_by(Permit.id).with_for_update()).all()
    events = []
    for old in replaced:
        new = successors[old.kind, old.number]
        if old.status not in REPLACEABLE_STATUSES:
            raise IllegalTransition("permit", old.status, "reissue")
        _check_replacement(old, new)
        lapse_remaining(old)
        old.status = "replaced"
        old.version += 1
        events.append(NewEvent(old, "replaced", data={"by": new.number}))
    db.session.flush()
    add_events(actor, events)
    _audit(actor, Action.PERMIT_REPLACED, replaced)


def _check_replacement(old: Permit, new: Permit) -> None:
    """Raise OverQuantity if a permit has more than is left of the one that it replaces."""
    left = {
        number: line_goods(line, line.remaining)
        for number, line in lock_permit_lines(old.id).items()
    }
    claims = {
        number: line_goods(line, line.quantity)
        for number, line in lock_permit_lines(new.id).items()
    }
    for number, missing in allocate(claims, left).uncovered.items():
        raise OverQuantity(
            message(
                "Line {line} has {missing} more than is left of the permit that this one replaces"
                " (Model Regulations 8.2 and 8.3); issue a certificate of its own for more.",
                line=number,
                missing=format_quantity(missing),
            ),
            {str(line): format_quantity(goods.quantity) for line, goods in left.items()},
        )
