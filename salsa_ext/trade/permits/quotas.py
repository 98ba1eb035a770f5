"""Quotas: quantities drawn from export and import certificates (8.3).

Lines of an export certificate count what was shipped. An import certificate is recounted from all
export certificates under it, so the result does not depend on their order. It is exhausted when all
of it has entered: while goods are under way it is committed, and its paper travels with them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, or_, select, tuple_, update

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import OverQuantity, message
from salsa_ext.core.text import format_quantity
from salsa_ext.database import locks
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.models import Record
from salsa_ext.trade.permits.allocation import Goods, allocate
from salsa_ext.trade.permits.comparison import ComparedPermit, PermitFamilies
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.permits.models import Permit, PermitLine, PermitReference
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment

LineKey = tuple[UUID, int]
PermitLines = dict[LineKey, PermitLine]
LineQuantities = Mapping[LineKey, Decimal]


def find_lines(permit_ids: Collection[UUID]) -> PermitLines:
    """Return the current lines of permits."""
    query = select(PermitLine).where(PermitLine.permit_id.in_(permit_ids))
    lines = db.session.scalars(query.execution_options(populate_existing=True))
    return {(line.permit_id, line.line): line for line in lines}


def lock_lines(permit_ids: Collection[UUID]) -> PermitLines:
    """Return the lines of own permits, locked with the permits until the transaction ends."""
    query = select(PermitLine, Permit).join(Permit, Permit.id == PermitLine.permit_id)
    query = query.where(PermitLine.permit_id.in_(permit_ids))
    query = query.order_by(PermitLine.permit_id, PermitLine.line).with_for_update()
    rows = db.session.execute(query.execution_options(populate_existing=True))
    return {(line.permit_id, line.line): line for line, _ in rows}


def draw(actor: Actor, drawn: LineQuantities, lines: PermitLines) -> None:
    """Draw quantities from locked lines of own certificates.

    The caller has the lock of trade of the importing states. Raises OverQuantity, and then draws
    nothing, if the certificate or the import certificate of it allows less.
    """
    check_remaining(drawn, lines)
    _add(drawn, lines)
    _save_drawn(actor, {permit_id for permit_id, _ in drawn}, lines, refuse=True)


def _add(drawn: LineQuantities, lines: PermitLines) -> None:
    """Add quantities to what is shipped; to an import certificate by its own state."""
    for key, quantity in drawn.items():
        line = lines[key]
        line.shipped += quantity
        if db.session.get_one(Permit, line.permit_id).kind == "import":
            line.inbound += quantity


def check_remaining(drawn: LineQuantities, lines: PermitLines) -> None:
    """Raise OverQuantity if a line has less left than needed."""
    for (permit_id, number), quantity in drawn.items():
        line = lines[permit_id, number]
        if line.remaining < quantity:
            left = format_quantity(line.remaining)
            raise OverQuantity(
                message(
                    "Line {line} of the permit has {left} left, and {quantity} were to be shipped"
                    " (Model Regulations 8.3).",
                    line=number,
                    left=left,
                    quantity=format_quantity(quantity),
                ),
                {str(number): left},
            )


def restore(actor: Actor, drawn: LineQuantities) -> None:
    """Return quantities to certificates of the own state."""
    permit_ids = {permit_id for permit_id, _ in drawn}
    importing = select(Permit.importing_state).where(Permit.id.in_(permit_ids))
    locks.lock_trade(db.session.scalars(importing))
    lines = lock_lines(permit_ids)
    _add({key: -min(quantity, lines[key].shipped) for key, quantity in drawn.items()}, lines)
    void = Permit.status.in_(("cancelled", "replaced"))
    ended = set(db.session.scalars(select(Permit.id).where(Permit.id.in_(permit_ids), void)))
    for line in lines.values():
        if line.permit_id in ended:
            line.lapsed = line.quantity - line.shipped
    _save_drawn(actor, permit_ids, lines, refuse=False)


def recount(actor: Actor, permits: Iterable[Permit]) -> None:
    """Recount late import certificates and replaced permits."""
    by_key = {(permit.owner_state, permit.kind, permit.number): permit for permit in permits}
    columns = (PermitReference.state, PermitReference.kind, PermitReference.number)
    references = db.session.execute(select(*columns).where(tuple_(*columns).in_(by_key)))
    referenced = {tuple(row) for row in references}
    ids = [permit.id for key, permit in by_key.items() if permit.replaces or key in referenced]
    if ids:
        _recount_imports(actor, ids, refuse=False)


def _save_drawn(actor: Actor, permit_ids: set[UUID], lines: PermitLines, refuse: bool) -> None:
    db.session.flush()  # the balance is written before the shipment that draws on it
    changed = update(Permit).where(Permit.id.in_(permit_ids))
    db.session.execute(changed.values(version=Permit.version + 1))
    _update_exhausted(permit_ids, lines)
    _recount_imports(actor, permit_ids, refuse)


def _update_exhausted(permit_ids: set[UUID], lines: PermitLines) -> None:
    """Mark used up permits as exhausted and refilled ones as issued."""
    left = permit_ids & {
        line.permit_id
        for line in lines.values()
        if line.remaining > 0
        or (line.committed > 0 and db.session.get_one(Permit, line.permit_id).kind == "import")
    }
    for ids, before, after in (
        (permit_ids - left, "issued", "exhausted"),
        (left, "exhausted", "issued"),
    ):
        changed = update(Permit).where(Permit.id.in_(ids), Permit.status == before)
        db.session.execute(changed.values(status=after))


def _recount_imports(actor: Actor, permit_ids: Collection[UUID], refuse: bool) -> None:
    """Recount permits' import certificates as their states, whose rest all must know."""
    importers = select(Permit.importing_state, Permit.id).where(Permit.id.in_(permit_ids))
    by_state: dict[str, list[UUID]] = defaultdict(list)
    for state, permit_id in db.session.execute(importers):
        by_state[state].append(permit_id)
    for state in sorted(by_state):
        with acting_as(actor, state):
            _recount_families(load(actor, by_state[state]), state, refuse)


def _recount_families(families: PermitFamilies, state: str, refuse: bool) -> None:
    """Count what export certificates draw from a state's import certificates."""
    lineages = _import_lineages(families, state)
    if not lineages:
        return
    permit_ids = {permit.id for lineage in lineages for permit in lineage}
    lines = lock_lines(permit_ids)
    for lineage in lineages:
        claims = {
            (permit.id, line): permit.line_goods(line, quantity)
            for permit in families.export_certificates(lineage)
            for line, quantity in permit.shipped.items()
            if quantity > 0
        }
        allocation = allocate(claims, _supplies(lineage, lines))
        over = [
            amount
            for claim, amount in allocation.uncovered.items()
            if claim not in allocation.unmatched
        ]
        if refuse and over:
            last = lineage[-1]
            raise OverQuantity(
                message(
                    "The import certificate {number} of {state} allows {missing} less than was to be"
                    " shipped under all its export certificates (Model Regulations 8.3).",
                    number=last.number,
                    state=last.state,
                    missing=format_quantity(sum(over)),
                ),
                {str(line): format_quantity(lines[last.id, line].remaining) for line in last.goods},
            )
        for key, amount in allocation.drawn.items():
            lines[key].shipped = amount + lines[key].inbound
    db.session.flush()
    _update_exhausted(permit_ids, lines)


def _supplies(lineage: Sequence[ComparedPermit], lines: PermitLines) -> dict[LineKey, Goods]:
    """Return what export certificates may draw on, by line."""
    return {
        (permit.id, line): permit.line_goods(line, goods.quantity - lines[permit.id, line].inbound)
        for permit in lineage
        for line, goods in permit.goods.items()
    }


ENTERED_STATUSES: Final = ("arrived", "received", "received_short", "received_over")


def recount_entered(actor: Actor, shipment_ids: Collection[UUID]) -> None:
    """Recount what shipments entered, whole, under import certificates of the own state."""
    state = actor.own_state()
    to_own = select(Shipment.permit_id).where(
        Shipment.id.in_(shipment_ids),
        Shipment.importing_state == state,
        Shipment.status.in_(ENTERED_STATUSES),
    )
    permit_ids = set(db.session.scalars(to_own)) if shipment_ids else set()
    if not permit_ids:
        return
    locks.lock_trade([state])
    families = load(actor, permit_ids)
    entered = _entered_quantities([permit.id for permit in families.permits])
    for lineage in _import_lineages(families, state):
        lines = lock_lines({permit.id for permit in lineage})
        claims = {
            (permit.id, line): permit.line_goods(line, quantity)
            for permit in families.export_certificates(lineage)
            for line in permit.goods
            if (quantity := entered[permit.id, line])
        }
        drawn = allocate(claims, _supplies(lineage, lines)).drawn
        for key, line in lines.items():
            line.entered = min(line.shipped, drawn.get(key, Decimal(0)) + entered[key])
        db.session.flush()
        _update_exhausted({permit.id for permit in lineage}, lines)


def _entered_quantities(permit_ids: Collection[UUID]) -> defaultdict[LineKey, Decimal]:
    """Return the quantities of entered shipments, by the lines of their permits."""
    entered: defaultdict[LineKey, Decimal] = defaultdict(Decimal)
    received = exists().where(Receipt.shipment_id == Shipment.id, ~Receipt.is_return)
    shipments = select(Shipment).where(
        Shipment.permit_id.in_(permit_ids), or_(Shipment.status.in_(ENTERED_STATUSES), received)
    )
    permits: dict[UUID, UUID] = {}
    for row in db.session.scalars(shipments):
        permits[row.id] = row.permit_id
        for part in row.bulk:
            entered[row.permit_id, int(part["line"])] += Decimal(str(part["quantity"]))
    items = select_current(Record).where(Record.document_id.in_(permits), ~Record.is_bulk)
    columns = (Record.document_id, Record.line)
    sums = items.with_only_columns(*columns, func.sum(Record.quantity)).group_by(*columns)
    for shipment_id, line, quantity in db.session.execute(sums):
        entered[permits[shipment_id], line] += quantity
    return entered


def _import_lineages(families: PermitFamilies, state: str) -> list[list[ComparedPermit]]:
    """Return the import certificates of a state, each with those that it replaced."""
    return [
        families.lineage(permit)
        for permit in families.permits
        if (permit.kind, permit.state) == ("import", state)
        and families.current(permit.key) is permit
    ]
