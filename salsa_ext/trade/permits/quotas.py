"""Quotas: quantities drawn from export and import certificates (8.3).

Lines of an export certificate count what was shipped. An import certificate is recounted from all
export certificates under it, so the result does not depend on their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_, update

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import OverQuantity, message
from salsa_ext.core.text import format_quantity
from salsa_ext.database import locks
from salsa_ext.database.session import acting_as, db
from salsa_ext.trade.permits.allocation import allocate
from salsa_ext.trade.permits.comparison import ComparedPermit, PermitFamilies
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.permits.models import Permit, PermitLine, PermitReference


def draw(actor: Actor, drawn: LineQuantities, lines: PermitLines) -> None:
    """Draw quantities from locked lines of export certificates.

    Raises OverQuantity, and then draws nothing, if the export certificate or its import certificate
    allows less.
    """
    check_remaining(drawn, lines)
    for key, quantity in drawn.items():
        lines[key].shipped += quantity
    _record_draw(actor, {permit_id for permit_id, _ in drawn}, lines, refuse=True)


def check_remaining(drawn: LineQuantities, lines: PermitLines) -> None:
    """Raise OverQuantity if a line has less left than needed."""
    for (permit_id, number), quantity in drawn.items():
        line = lines[permit_id, number]
        if line.remaining < quantity:
            raise OverQuantity(
                message(
                    "Line {line} of the permit has {left} left, and {quantity} were to be shipped"
                    " (Model Regulations 8.3).",
                    line=number,
                    left=format_quantity(line.remaining),
                    quantity=format_quantity(quantity),
                ),
                {str(number): format_quantity(line.remaining)},
            )


def restore(actor: Actor, drawn: LineQuantities) -> None:
    """Return quantities to export certificates of the own state.

    For goods that did not leave or came back.
    """
    lines = lock_lines({permit_id for permit_id, _ in drawn})
    for key, quantity in drawn.items():
        line = lines[key]
        line.shipped -= min(quantity, line.shipped)
    _lapse_void({permit_id for permit_id, _ in drawn}, lines)
    _record_draw(actor, {permit_id for permit_id, _ in drawn}, lines, refuse=False)


def recount(actor: Actor, permits: Iterable[Permit]) -> None:
    """Recount late import certificates and replaced permits."""
    some = {(each.owner_state, each.kind, each.number): each for each in permits}
    columns = (PermitReference.state, PermitReference.kind, PermitReference.number)
    named = select(*columns).where(tuple_(*columns).in_(some))
    known_names = {tuple(row) for row in db.session.execute(named)}
    ids = [each.id for known, each in some.items() if each.replaces or known in known_names]
    if ids:
        _recount_imports(actor, ids, refuse=False)


def _record_draw(actor: Actor, permit_ids: set[UUID], lines: PermitLines, refuse: bool) -> None:
    db.session.flush()  # the balance is written before the shipment that draws on it
    left = {line.permit_id for line in lines.values() if line.remaining > 0}
    touched = update(Permit).where(Permit.id.in_(permit_ids))
    db.session.execute(touched.values(version=Permit.version + 1))
    _update_exhausted(permit_ids - left, permit_ids & left)
    _recount_imports(actor, permit_ids, refuse)


def _lapse_void(permit_ids: set[UUID], lines: PermitLines) -> None:
    """Lapse restored quantities of cancelled or replaced permits."""
    void = select(Permit.id).where(
        Permit.id.in_(permit_ids), Permit.status.in_(("cancelled", "replaced"))
    )
    gone = set(db.session.scalars(void))
    for line in lines.values():
        if line.permit_id in gone:
            line.lapsed = line.quantity - line.shipped


def _update_exhausted(used: Collection[UUID], left: Collection[UUID]) -> None:
    """Mark empty permits as exhausted and refilled ones as issued."""
    for ids, before, after in ((used, "issued", "exhausted"), (left, "exhausted", "issued")):
        moved = update(Permit).where(Permit.id.in_(ids), Permit.status == before)
        db.session.execute(moved.values(status=after))


def _recount_imports(actor: Actor, permit_ids: Collection[UUID], refuse: bool) -> None:
    sides = select(Permit.importing_state, Permit.id).where(Permit.id.in_(permit_ids))
    under: dict[str, list[UUID]] = defaultdict(list)
    for state, permit_id in db.session.execute(sides):
        under[state].append(permit_id)
    for state in sorted(under):
        locks.lock_quotas(
            state
        )  # of the import certificates; whoever else draws on them waits here
        with acting_as(actor, state):
            _recount_families(load(actor, under[state]), state, refuse)


def _recount_families(register: PermitFamilies, state: str, refuse: bool) -> None:
    lineages = _import_lineages(register, state)
    if not lineages:
        return
    own = {document.id for lineage in lineages for document in lineage}
    lines = lock_lines(own)
    for lineage in lineages:
        _draw_lineage(register, lineage, lines, refuse)
    db.session.flush()
    left = {line.permit_id for line in lines.values() if line.remaining > 0}
    _update_exhausted(own - left, own & left)


def _import_lineages(register: PermitFamilies, state: str) -> list[list[ComparedPermit]]:
    """Return a state's import certificates, each with those it replaced."""
    own = [
        document
        for document in register.documents
        if (document.kind, document.state) == ("import", state)
    ]
    last = [document for document in own if register.current(document.key) is document]
    return [register.lineage(document) for document in last]


def _draw_lineage(
    register: PermitFamilies, lineage: Sequence[ComparedPermit], lines: PermitLines, refuse: bool
) -> None:
    claims = {
        (document.id, line): document.line_goods(line, quantity)
        for document in register.export_certificates(lineage)
        for line, quantity in document.shipped.items()
        if quantity > 0
    }
    supplies = {
        (document.id, line): goods for document in lineage for line, goods in document.goods.items()
    }
    settled = allocate(claims, supplies)
    over = {
        key: amount for key, amount in settled.uncovered.items() if key not in settled.unmatched
    }
    if refuse and over:
        raise _over_quantity_error(lineage[-1], lines, sum(over.values(), Decimal(0)))
    for key, amount in settled.drawn.items():
        lines[key].shipped = amount


def _over_quantity_error(
    certificate: ComparedPermit, lines: PermitLines, missing: Decimal
) -> OverQuantity:
    left: dict[str, Any] = {
        str(number): format_quantity(lines[certificate.id, number].remaining)
        for number in certificate.goods
    }
    return OverQuantity(
        message(
            "The import certificate {number} of {state} allows {missing} less than was to be shipped under"
            " all its export certificates (Model Regulations 8.3).",
            number=certificate.number,
            state=certificate.state,
            missing=format_quantity(missing),
        ),
        left,
    )


PermitLines = dict[tuple[UUID, int], PermitLine]
LineQuantities = Mapping[tuple[UUID, int], Decimal]


def find_lines(permit_ids: Collection[UUID]) -> PermitLines:
    """Return the current lines of permits, without a lock."""
    return _read_lines(select(PermitLine).where(PermitLine.permit_id.in_(permit_ids)))


def lock_lines(permit_ids: Collection[UUID]) -> PermitLines:
    """Return the lines of permits, locked until the transaction ends."""
    wanted = select(PermitLine).where(PermitLine.permit_id.in_(permit_ids))
    return _read_lines(wanted.order_by(PermitLine.permit_id, PermitLine.line).with_for_update())


def _read_lines(wanted: Select[PermitLine]) -> PermitLines:
    found = db.session.scalars(wanted.execution_options(populate_existing=True))
    return {(line.permit_id, line.line): line for line in found}
