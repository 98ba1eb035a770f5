"""A permit that replaces another: what was left of the old one lapses (Model Regulations 8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, tuple_

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db
from salsa_ext.errors import IllegalTransition, OverQuantity, say
from salsa_ext.matching.counterparts import plain
from salsa_ext.matching.quantities import Goods, allocate
from salsa_ext.models import Permit, PermitLine
from salsa_ext.readmodels.families import goods_of
from salsa_ext.services import announcements
from salsa_ext.services.events import Note, note_many
from salsa_ext.values.actor import Actor

REPLACEABLE = ("issued", "suspended")
Lines = dict[int, PermitLine]


def replace_many(actor: Actor, permits: Sequence[Permit]) -> list[Permit]:
    """Let recorded permits of the actor's state replace those that they name; returns these.

    A number that is not recorded here is that of a paper. Raises IllegalTransition for what no
    longer stands, and OverQuantity where the new permit has more than was left of the old one.
    """
    named = {(new.kind, new.replaces): new for new in permits
             if new.replaces and new.status != "refused"}  # fmt: skip
    if not named:
        return []
    own = (Permit.owner_state == actor.own_state(), tuple_(Permit.kind, Permit.number).in_(named))
    olds = db.session.scalars(select(Permit).where(*own).order_by(Permit.id).with_for_update())
    replaced = [(old, named[old.kind, old.number]) for old in olds]
    for old, new in replaced:
        _replace(old, new)
    db.session.flush()
    note_many(actor, [Note(old, "replaced", data={"by": new.number}) for old, new in replaced])
    announcements.of_permits(actor, [old for old, _ in replaced], "permit_replaced")
    append_many(actor, [_act(old) for old, _ in replaced])
    return [old for old, _ in replaced]


def lapse(permit: Permit) -> None:
    """Let what was not drawn of a permit be drawn no more."""
    for line in lines_of(permit.id).values():
        line.lapsed = line.quantity - line.shipped


def lines_of(permit_id: UUID) -> Lines:
    """Return the lines of an own permit, locked until the end."""
    wanted = select(PermitLine).where(PermitLine.permit_id == permit_id).order_by(PermitLine.line)
    found = db.session.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {line.line: line for line in found}


def _replace(old: Permit, new: Permit) -> None:
    if old.status not in REPLACEABLE:
        raise IllegalTransition("permit", old.status, "reissue")
    lines = lines_of(old.id)
    left = {number: goods_of(line, line.left) for number, line in lines.items()}
    fresh = {number: goods_of(line, line.quantity) for number, line in lines_of(new.id).items()}
    _check_left(fresh, left)
    lapse(old)
    old.status = "replaced"
    old.version += 1


def _check_left(fresh: dict[int, Goods], left: dict[int, Goods]) -> None:
    uncovered = allocate(fresh, left).uncovered
    for number, missing in uncovered.items():
        raise OverQuantity(
            say("Line {line} has {missing} more than is left of the permit that this one replaces"
                " (Model Regulations 8.2 and 8.3); issue a certificate of its own for more.",
                line=number, missing=plain(missing)),
            {str(line): plain(goods.quantity or Decimal(0)) for line, goods in left.items()},
        )  # fmt: skip


def _act(old: Permit) -> Act:
    return Act(Action.PERMIT_REPLACED, "permit", old.id, concerned=old.concerned,
               data={"kind": old.kind, "number": old.number})  # fmt: skip
