"""Changes of recorded permits by the issuing authority."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import append, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    Article,
    FieldLabels,
    IllegalTransition,
    Invalid,
    InvalidByRule,
    RuleBroken,
    message,
)
from salsa_ext.core.rows import from_row
from salsa_ext.database.session import db
from salsa_ext.database.written_rows import collect_changed
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.parties import Party
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.reference.calendars import today
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits import permits
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.permits import REPLACEABLE_STATUSES, lapse_remaining, lock_permit_lines
from salsa_ext.trade.permits.queries import PARTY_COLUMNS, recorded_permit
from salsa_ext.trade.permits.values import AmendmentData, ReissueData, StatusDecision


def amend(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: AmendmentData
) -> None:
    """Amend the source of the goods or the transit plan (8.5).

    Everything else needs a new permit. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    RuleBroken after the last day or without authentication, or Invalid.
    """
    require(actor, Permission.PERMIT_RECORD)
    permit = permits.lock_permit(actor, permit_id, expected_version)
    _check_amendable(actor, permit, data)
    changes = {name: value for name, value in data.changes.items() if name != "plan"}
    changes |= data.changes.get("plan", {})
    if not changes:
        problem = message("Nothing is changed; give source, or plan with what is new of it.")
        raise Invalid({"source": [problem]})
    check_authentication(data, changes)
    before, plan = _current_values(permit, changes), dict(permit.plan or {})
    for name, value in changes.items():
        if name == "source":
            permit.source = value
        elif name == "carrier":
            parties = PartyCollector(permit.owner_state)
            carrier = Party(value, "carrier", permit.owner_state)
            permit.carrier_id = parties.add(carrier, permit.concerned)
            parties.write()
        else:
            plan[name] = value
    permit.plan = plan or None
    permit.version += 1
    db.session.flush()
    collect_changed(permit)
    event_data = {
        "before": before,
        "after": _current_values(permit, changes),
        "authentication": data.authentication,
    }
    add_events(actor, [NewEvent(permit, "amended", data.reason, data=event_data)])
    action = Action.PERMIT_AMENDED
    append(actor, audit_event(action, permit, kind=permit.kind, fields=sorted(changes)))


def check_authentication(data: AmendmentData, changes: Collection[str]) -> None:
    """Raise RuleBroken if changes lack the authority's authentication.

    Only the mode may change without. An authenticated change needs a reason, which the states
    concerned read; raises Invalid without one.
    """
    signed = FieldLabels(tuple(sorted(name for name in changes if name != "mode")))
    if signed.names and not data.authentication:
        raise RuleBroken(
            Article.AUTHENTICATION,
            message(
                "To change {fields}, say in {where} how the document shows it: a stamp, a seal or an"
                " authorised signature (Model Regulations 8.5). The mode alone needs none.",
                fields=signed,
                where=FieldLabels(("authentication",)),
            ),
        )
    if signed.names and not data.reason:
        problem = message(
            "To change {fields}, give the reason, which the states concerned read; the mode alone needs"
            " none.",
            fields=signed,
        )
        raise Invalid({"reason": [problem]})


def _check_amendable(actor: Actor, permit: Permit, data: AmendmentData) -> None:
    if permit.status not in ("issued", "exhausted"):
        raise IllegalTransition("permit", permit.status, "amend")
    if today(actor) > permit.last_day:
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            message(
                "The last day of this permit was {last}; it is amended within its validity alone"
                " (Model Regulations 8.5). Reissue it under a new number.",
                last=permit.last_day,
            ),
        )
    if "plan" in data.changes and permit.kind != "in_transit":
        problem = message(
            "Only a transit authorization has a plan to be amended; planned shipments are amended"
            " themselves (Model Regulations 8.5)."
        )
        raise InvalidByRule(Article.AMENDABLE, {"plan": [problem]})


def _current_values(permit: Permit, names: Collection[str]) -> dict[str, Any]:
    """Return the values of amendable fields, a carrier as its id."""
    carrier = permit.carrier_id and str(permit.carrier_id)
    values = (permit.plan or {}) | {"source": permit.source, "carrier": carrier}
    return {name: values.get(name) for name in names}


def reissue(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: ReissueData
) -> UUID:
    """Issue a new permit for the remainder of an old one.

    There is no extension (Model Regulations 8.2). All but number, dates, authority and quantities
    is copied. Returns the new id. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    Invalid, Duplicate, or OverQuantity for more than is left.
    """
    require(actor, Permission.PERMIT_RECORD)
    old = permits.lock_permit(actor, permit_id, expected_version)
    if old.status not in REPLACEABLE_STATUSES:
        raise IllegalTransition("permit", old.status, "reissue")
    parties = find_parties(getattr(old, name) for name in PARTY_COLUMNS)
    recorded = recorded_permit(old, parties, ())
    reissued = replace(
        recorded,
        number=data.number,
        issued_on=data.issued_on,
        expires_on=data.expires_on,
        latest_import_on=data.latest_import_on,
        authority=data.authority,
        replaces=old.number,
        refusal=None,
        lines=_reissued_lines(old, data.quantities),
    )
    return permits.record(actor=actor, data=reissued, is_reissue=True)


def _reissued_lines(old: Permit, quantities: Mapping[int, Decimal]) -> tuple[Firearm, ...]:
    """Return the goods of a permit as originally entered, with their new quantities."""
    lines = lock_permit_lines(old.id)
    if unknown := [number for number in quantities if number not in lines]:
        raise Invalid(
            {
                f"lines.{number}": [message("The permit has no line {line}.", line=number)]
                for number in unknown
            }
        )
    goods = []
    for number, line in lines.items():
        quantity = quantities.get(number, line.remaining)
        if quantity > 0:
            words = {kind: getattr(line, f"{kind}_text") for kind in ("type", "make", "calibre")}
            goods.append(replace(from_row(Firearm, line), quantity=quantity, **words))
    return tuple(goods)


DECISIONS: Final = {
    "cancelled": ("cancel", ("issued", "suspended")),
    "suspended": ("suspend", ("issued",)),
    "reinstated": ("reinstate", ("suspended",)),
}
"""Verb and the statuses that allow it, by kind of event."""


def cancel(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Cancel a permit permanently; the unshipped quantity lapses (9.8).

    The states concerned are notified. Raises NotFound, Forbidden, StaleVersion, RuleBroken if it is
    already cancelled, or IllegalTransition.
    """
    require(actor, Permission.PERMIT_RECORD)
    permit = permits.lock_permit(actor, permit_id, expected_version)
    if permit.status == "cancelled":
        raise RuleBroken(
            Article.CANCELLATION,
            message(
                "This permit is cancelled already; a cancellation is for good. Issue a new one."
            ),
        )
    _change_status(actor, permit, "cancelled", data)


def suspend(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Suspend a permit's releases; raises NotFound, Forbidden, StaleVersion, IllegalTransition."""
    require(actor, Permission.PERMIT_RECORD)
    permit = permits.lock_permit(actor, permit_id, expected_version)
    _change_status(actor, permit, "suspended", data)


def reinstate(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Reinstate a suspended permit. Raises as `suspend`."""
    require(actor, Permission.PERMIT_RECORD)
    permit = permits.lock_permit(actor, permit_id, expected_version)
    _change_status(actor, permit, "reinstated", data)


def _change_status(actor: Actor, permit: Permit, kind: str, data: StatusDecision) -> None:
    verb, allowed = DECISIONS[kind]
    if permit.status not in allowed:
        raise IllegalTransition("permit", permit.status, verb)
    if kind == "cancelled":
        lapse_remaining(permit)
    permit.status = "issued" if kind == "reinstated" else kind
    permit.version += 1
    db.session.flush()
    add_events(actor, [NewEvent(permit, kind, data.reason)])
    action = Action(f"permit:{kind}")
    append(actor, audit_event(action, permit, kind=permit.kind, number=permit.number))
