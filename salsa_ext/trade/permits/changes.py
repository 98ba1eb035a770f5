"""Changes of recorded permits by the issuing authority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append
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
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.commands import PartyCollector
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.firearms.records.values import Party
from salsa_ext.notifications.commands import notify_others
from salsa_ext.reference.calendars import today
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits import classification, permits
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.permits.permits import REPLACEABLE_STATUSES, lapse_remaining, lock_permit_lines
from salsa_ext.trade.permits.queries import PARTY_COLUMNS
from salsa_ext.trade.permits.values import (
    AmendmentData,
    DecisionData,
    DocumentReference,
    PermitData,
    ReissueData,
)

UNAUTHENTICATED_FIELDS: Final = ("mode",)


def amend(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: AmendmentData
) -> None:
    """Amend the source of the goods or the transit plan (8.5).

    Everything else needs a new permit. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    RuleBroken after the last day or without authentication, or Invalid.
    """
    require(actor, Permission.PERMIT_RECORD)
    permit = permits.lock_permit(actor, permit_id, expected_version)
    _check_amendable(actor, permit)
    changes = _flatten_changes(permit, data.changes)
    check_authentication(data, changes)
    before = _apply_changes(permit, changes)
    permit.version += 1
    db.session.flush()
    told = {
        "before": before,
        "after": _current_values(permit, changes),
        "authentication": data.authentication,
    }
    add_events(actor, [NewEvent(permit, "amended", data.reason, data=told)])
    classification.reclassify(actor, [permit])
    notify_others(actor, "permit_amended", [permit])
    append(
        actor,
        AuditEvent(
            Action.PERMIT_AMENDED,
            "permit",
            permit.id,
            concerned=permit.concerned,
            data={"kind": permit.kind, "fields": sorted(changes)},
        ),
    )


def check_authentication(data: AmendmentData, changes: Mapping[str, Any]) -> None:
    """Raise RuleBroken if changes lack the authority's authentication.

    Only the mode may change without. An authenticated change needs a reason, which the states
    concerned read; raises Invalid without one.
    """
    signed = [name for name in changes if name not in UNAUTHENTICATED_FIELDS]
    if signed and not data.authentication:
        raise RuleBroken(
            Article.AUTHENTICATION,
            message(
                "To change {fields}, say in {where} how the document shows it: a stamp, a seal or an"
                " authorised signature (Model Regulations 8.5). The mode alone needs none.",
                fields=FieldLabels(tuple(sorted(signed))),
                where=FieldLabels(("authentication",)),
            ),
        )
    if signed and not data.reason:
        said = message(
            "To change {fields}, give the reason, which the states concerned read; the mode alone needs"
            " none.",
            fields=FieldLabels(tuple(sorted(signed))),
        )
        raise Invalid({"reason": [said]})


def _check_amendable(actor: Actor, permit: Permit) -> None:
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


def _flatten_changes(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as one mapping; plan fields by their names."""
    if "plan" in changes and permit.kind != "in_transit":
        said = message(
            "Only a transit authorization has a plan to be amended; planned shipments are amended"
            " themselves (Model Regulations 8.5)."
        )
        raise InvalidByRule(Article.AMENDABLE, {"plan": [said]})
    fresh = {name: value for name, value in changes.items() if name != "plan"}
    fresh |= changes.get("plan", {})
    problems = Problems()
    if not fresh:
        problems.add(
            "source", message("Nothing is changed; give source, or plan with what is new of it.")
        )
    problems.raise_any()
    return fresh


def _apply_changes(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the changes; return the previous values, a carrier as its id."""
    before = _current_values(permit, changes)
    plan = dict(permit.plan or {})
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
    return before


def _current_values(permit: Permit, changes: Mapping[str, Any]) -> dict[str, Any]:
    standing = (permit.plan or {}) | {
        "source": permit.source,
        "carrier": permit.carrier_id and str(permit.carrier_id),
    }
    return {name: standing.get(name) for name in changes}


COPIED_FIELDS = (
    "kind",
    "document_kind",
    "regime",
    "exporting_state",
    "importing_state",
    "source",
    "end_use",
    "conditions",
)
COPIED_PARTIES = ("exporter", "importer", "final_consignee", "broker")


def reissue(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: ReissueData
) -> UUID:
    """Issue a new permit for the remainder of an old one.

    There is no extension (Model Regulations 8.2). All but number, dates, authority and quantities
    is copied. Returns the new id. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    Invalid, Duplicate, or OverQuantity for more than is left.
    """
    require(actor, Permission.PERMIT_RECORD)
    old = permits.lock_permit(actor, permit_id, expected_version, data.number)
    if old.status not in REPLACEABLE_STATUSES:
        raise IllegalTransition("permit", old.status, "reissue")
    return permits.record(actor=actor, data=_reissued_data(old, data), is_reissue=True)


def _reissued_data(old: Permit, data: ReissueData) -> PermitData:
    parties = find_parties(getattr(old, name) for name in PARTY_COLUMNS)
    sides = {name: _party_data(parties.get(getattr(old, f"{name}_id"))) for name in COPIED_PARTIES}
    carrier = parties.get(old.carrier_id) if old.carrier_id else None
    plan = old.plan and old.plan | ({"carrier": carrier.name} if carrier else {})
    named = [
        ("import_permit", old.importing_state, old.import_permit_number),
        ("export_permit", old.exporting_state, old.export_permit_number),
    ]
    said: dict[str, Any] = {name: getattr(old, name) for name in COPIED_FIELDS} | sides
    said |= {field: DocumentReference(state, number) for field, state, number in named if number}
    return PermitData(
        number=data.number,
        issued_on=data.issued_on,
        expires_on=data.expires_on,
        latest_import_on=data.latest_import_on,
        authority=data.authority,
        replaces=old.number,
        transit_states=tuple(old.transit_states),
        plan=plan,
        transit_permits=tuple(DocumentReference(**permit) for permit in old.transit_permits),
        lines=tuple(_reissued_lines(list(lock_permit_lines(old.id).values()), data.quantities)),
        **said,
    )


def _party_data(row: Any) -> Party | None:
    if row is None:
        return None
    return Party(**{field.name: getattr(row, field.name) for field in fields(Party)})


def _reissued_lines(lines: Sequence[PermitLine], wanted: Mapping[int, Decimal]) -> list[Firearm]:
    known = {line.line for line in lines}
    wrong = {
        f"lines.{number}": [message("The permit has no line {line}.", line=number)]
        for number in wanted
        if number not in known
    }
    if wrong:
        raise Invalid(wrong)
    asked = ((line, wanted.get(line.line, line.remaining)) for line in lines)
    return [_line_as_firearm(line, quantity) for line, quantity in asked if quantity > 0]


def _line_as_firearm(line: PermitLine, quantity: Decimal) -> Firearm:
    """Return a line's goods as originally entered, with another quantity."""
    said = {
        field.name: getattr(line, field.name) for field in fields(Firearm) if field.name != "marks"
    }
    words = {kind: getattr(line, f"{kind}_text") for kind in ("type", "make", "calibre")}
    return Firearm(**said | words | {"quantity": quantity})


ALLOWED_FROM = {
    "cancelled": ("issued", "suspended"),
    "suspended": ("issued",),
    "reinstated": ("suspended",),
}
DECISION_VERBS = {"cancelled": "cancel", "suspended": "suspend", "reinstated": "reinstate"}
DECISION_ACTIONS = {
    "cancelled": Action.PERMIT_CANCELLED,
    "suspended": Action.PERMIT_SUSPENDED,
    "reinstated": Action.PERMIT_REINSTATED,
}


def cancel(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: DecisionData
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
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Suspend a permit: no release until it is reinstated.

    Raises NotFound, Forbidden, StaleVersion or IllegalTransition.
    """
    require(actor, Permission.PERMIT_RECORD)
    _change_status(
        actor, permits.lock_permit(actor, permit_id, expected_version), "suspended", data
    )


def reinstate(
    *, actor: Actor, permit_id: UUID, expected_version: int | None, data: DecisionData
) -> None:
    """Reinstate a suspended permit.

    Raises NotFound, Forbidden, StaleVersion or IllegalTransition.
    """
    require(actor, Permission.PERMIT_RECORD)
    _change_status(
        actor, permits.lock_permit(actor, permit_id, expected_version), "reinstated", data
    )


def _change_status(actor: Actor, permit: Permit, decided: str, data: DecisionData) -> None:
    if permit.status not in ALLOWED_FROM[decided]:
        raise IllegalTransition("permit", permit.status, DECISION_VERBS[decided])
    if decided == "cancelled":
        lapse_remaining(permit)
    permit.status = "issued" if decided == "reinstated" else decided
    permit.version += 1
    db.session.flush()
    add_events(actor, [NewEvent(permit, decided, data.reason)])
    classification.apply_changes(actor, [permit])
    notify_others(actor, f"permit_{decided}", [permit])
    append(
        actor,
        AuditEvent(
            DECISION_ACTIONS[decided],
            "permit",
            permit.id,
            concerned=permit.concerned,
            data={"kind": permit.kind, "number": permit.number},
        ),
    )
