"""A new permit for what is left of an old one: there is no extension (Model Regulations 8.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from salsa_ext.errors import IllegalTransition, Invalid, say
from salsa_ext.models import Permit, PermitLine
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.parties import parties_of
from salsa_ext.readmodels.permits import PARTY_FIELDS
from salsa_ext.services import holdings, permits
from salsa_ext.services.replacements import REPLACEABLE, lines_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Reissue
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.parties import Party
from salsa_ext.values.permits import PermitData, Reference

SAME = (
    "kind", "document_kind", "regime", "exporting_state", "importing_state", "source", "end_use",
    "conditions",
)  # fmt: skip
SIDES = ("exporter", "importer", "final_consignee", "broker")


def reissue(*, actor: Actor, permit_id: UUID, seen: int | None, data: Reissue) -> UUID:
    """Issue a permit in place of one that stands or has expired; returns the new one's id.

    All but number, dates, authority and quantities stays. Raises NotFound, Forbidden,
    StaleVersion, IllegalTransition, Invalid, Duplicate, or OverQuantity for more than is left.
    """
    require(actor, Permission.PERMIT_RECORD)
    old = holdings.take(actor, permit_id, seen, data.number)
    if old.status not in REPLACEABLE:
        raise IllegalTransition("permit", old.status, "reissue")
    return permits.record(actor=actor, data=_again(old, data), is_reissue=True)


def _again(old: Permit, data: Reissue) -> PermitData:
    parties = parties_of(getattr(old, name) for name in PARTY_FIELDS)
    sides = {name: _party(parties.get(getattr(old, f"{name}_id"))) for name in SIDES}
    carrier = parties.get(old.carrier_id) if old.carrier_id else None
    plan = old.plan and old.plan | ({"carrier": carrier.name} if carrier else {})
    named = [("import_permit", old.importing_state, old.import_permit_number),
             ("export_permit", old.exporting_state, old.export_permit_number)]  # fmt: skip
    said: dict[str, Any] = {name: getattr(old, name) for name in SAME} | sides
    said |= {field: Reference(state, number) for field, state, number in named if number}
    return PermitData(
        number=data.number, issued_on=data.issued_on, expires_on=data.expires_on,
        latest_import_on=data.latest_import_on, authority=data.authority, replaces=old.number,
        transit_states=tuple(old.transit_states), plan=plan,
        transit_permits=tuple(Reference(**permit) for permit in old.transit_permits),
        lines=tuple(_lines(list(lines_of(old.id).values()), data.quantities)), **said,
    )  # fmt: skip


def _party(row: Any) -> Party | None:
    if row is None:
        return None
    return Party(**{field.name: getattr(row, field.name) for field in fields(Party)})


def _lines(lines: Sequence[PermitLine], wanted: Mapping[int, Decimal]) -> list[Firearm]:
    known = {line.line for line in lines}
    wrong = {f"lines.{number}": [say("The permit has no line {line}.", line=number)]
             for number in wanted if number not in known}  # fmt: skip
    if wrong:
        raise Invalid(wrong)
    asked = ((line, wanted.get(line.line, line.left)) for line in lines)
    return [_as_firearm(line, quantity) for line, quantity in asked if quantity > 0]


def _as_firearm(line: PermitLine, quantity: Decimal) -> Firearm:
    """Return a line's goods as they were written, for another quantity."""
    said = {
        field.name: getattr(line, field.name) for field in fields(Firearm) if field.name != "marks"
    }
    words = {kind: getattr(line, f"{kind}_text") for kind in ("type", "make", "calibre")}
    return Firearm(**said | words | {"quantity": quantity})
