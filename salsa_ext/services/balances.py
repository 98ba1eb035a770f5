"""What shipments draw from their export certificate and through it from the import certificate (8.3).

An export certificate's lines say what was shipped of each; of an import certificate it is counted
anew from all export certificates under it, so that it depends on the facts and not on their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_, update

from salsa_ext.db import as_state, db
from salsa_ext.errors import OverQuantity, say
from salsa_ext.matching.counterparts import plain
from salsa_ext.matching.permits import Document
from salsa_ext.matching.quantities import allocate
from salsa_ext.matching.registers import Register
from salsa_ext.models import Permit, PermitReference
from salsa_ext.readmodels.families import around
from salsa_ext.services import locks
from salsa_ext.services.manifests import Lines, Quantities, locked_lines
from salsa_ext.values.actor import Actor


def draw(actor: Actor, drawn: Quantities, lines: Lines) -> None:
    """Draw what shipments take from the locked lines; raises OverQuantity, and then draws nothing.

    Neither the export certificate nor the import certificate gives more than it authorises.
    """
    check(drawn, lines)
    for key, quantity in drawn.items():
        lines[key].shipped += quantity
    _settle(actor, {permit_id for permit_id, _ in drawn}, lines, refuse=True)


def check(drawn: Quantities, lines: Lines) -> None:
    """Raise OverQuantity where a line of an export certificate has less left than is to be drawn."""
    for (permit_id, number), quantity in drawn.items():
        line = lines[permit_id, number]
        if line.left < quantity:
            raise OverQuantity(
                say(
                    "Line {line} of the permit has {left} left, and {quantity} were to be shipped"
                    " (Model Regulations 8.3).",
                    line=number,
                    left=plain(line.left),
                    quantity=plain(quantity),
                ),
                {str(number): plain(line.left)},
            )


def restore(actor: Actor, drawn: Quantities) -> None:
    """Give back to the export certificates of the actor's state what did not go, or came back."""
    lines = locked_lines({permit_id for permit_id, _ in drawn})
    for key, quantity in drawn.items():
        line = lines[key]
        line.shipped -= min(quantity, line.shipped)
    _lapse_again({permit_id for permit_id, _ in drawn}, lines)
    _settle(actor, {permit_id for permit_id, _ in drawn}, lines, refuse=False)


def recount(actor: Actor, permits: Iterable[Permit]) -> None:
    """Count anew what was drawn of import certificates that come late, and of what is replaced."""
    some = {(each.owner_state, each.kind, each.number): each for each in permits}
    columns = (PermitReference.state, PermitReference.kind, PermitReference.number)
    named = select(*columns).where(tuple_(*columns).in_(some))
    known_names = {tuple(row) for row in db.session.execute(named)}
    ids = [each.id for known, each in some.items() if each.replaces or known in known_names]
    if ids:
        _count(actor, ids, refuse=False)


def _settle(actor: Actor, permit_ids: set[UUID], lines: Lines, refuse: bool) -> None:
    db.session.flush()  # the balance is written before the shipment that draws on it
    left = {line.permit_id for line in lines.values() if line.left > 0}
    touched = update(Permit).where(Permit.id.in_(permit_ids))
    db.session.execute(touched.values(version=Permit.version + 1))
    _exhaust(permit_ids - left, permit_ids & left)
    _count(actor, permit_ids, refuse)


def _lapse_again(permit_ids: set[UUID], lines: Lines) -> None:
    """Let what comes back under a permit that stands no more be drawn no more either."""
    void = select(Permit.id).where(
        Permit.id.in_(permit_ids), Permit.status.in_(("cancelled", "replaced"))
    )
    gone = set(db.session.scalars(void))
    for line in lines.values():
        if line.permit_id in gone:
            line.lapsed = line.quantity - line.shipped


def _exhaust(used: Collection[UUID], left: Collection[UUID]) -> None:
    """Let permits of which nothing is left be exhausted, and those that got some back be issued."""
    for ids, before, after in ((used, "issued", "exhausted"), (left, "exhausted", "issued")):
        moved = update(Permit).where(Permit.id.in_(ids), Permit.status == before)
        db.session.execute(moved.values(status=after))


def _count(actor: Actor, permit_ids: Collection[UUID], refuse: bool) -> None:
    sides = select(Permit.importing_state, Permit.id).where(Permit.id.in_(permit_ids))
    under: dict[str, list[UUID]] = defaultdict(list)
    for state, permit_id in db.session.execute(sides):
        under[state].append(permit_id)
    for state in sorted(under):
        locks.draws_of(state)  # of the import certificates; whoever else draws on them waits here
        with as_state(actor, state):
            _count_of(around(actor, under[state]), state, refuse)


def _count_of(register: Register, state: str, refuse: bool) -> None:
    lineages = _lineages(register, state)
    if not lineages:
        return
    own = {document.id for lineage in lineages for document in lineage}
    lines = locked_lines(own)
    for lineage in lineages:
        _draw_import(register, lineage, lines, refuse)
    db.session.flush()
    left = {line.permit_id for line in lines.values() if line.left > 0}
    _exhaust(own - left, own & left)


def _lineages(register: Register, state: str) -> list[list[Document]]:
    """Return the import certificates of a state, each with those that it replaced."""
    own = [document for document in register.documents
           if (document.kind, document.state) == ("import", state)]  # fmt: skip
    last = [document for document in own if register.standing(document.key) is document]
    return [register.lineage(document) for document in last]


def _draw_import(
    register: Register, lineage: Sequence[Document], lines: Lines, refuse: bool
) -> None:
    claims = {
        (document.id, line): document.amount(line, quantity)
        for document in register.drawing(lineage)
        for line, quantity in document.shipped.items()
        if quantity > 0
    }
    supplies = {
        (document.id, line): goods for document in lineage for line, goods in document.goods.items()
    }
    settled = allocate(claims, supplies)
    over = {key: amount for key, amount in settled.uncovered.items() if key not in settled.foreign}
    if refuse and over:
        raise _too_much(lineage[-1], lines, sum(over.values(), Decimal(0)))
    for key, amount in settled.drawn.items():
        lines[key].shipped = amount


def _too_much(certificate: Document, lines: Lines, missing: Decimal) -> OverQuantity:
    left: dict[str, Any] = {
        str(number): plain(lines[certificate.id, number].left) for number in certificate.goods
    }
    return OverQuantity(
        say("The import certificate {number} of {state} allows {missing} less than was to be shipped under"
            " all its export certificates (Model Regulations 8.3).", number=certificate.number,
            state=certificate.state, missing=plain(missing)), left,
    )  # fmt: skip
