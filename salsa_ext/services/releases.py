"""Releases: goods leave when every state that they pass has licensed them, and not before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from salsa_ext.articles import Article
from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db
from salsa_ext.errors import Coded, Conflict, IllegalTransition, Message, RuleBroken, say
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import licensing
from salsa_ext.readmodels.days import Days, days, today
from salsa_ext.readmodels.licences import Lack
from salsa_ext.services import ledger, takings, telling
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.movements import ReleaseData


def release(*, actor: Actor, shipment_id: UUID, seen: int | None, data: ReleaseData) -> None:
    """Release one shipment; raises StaleVersion too, and what `release_many` raises."""
    require(actor, Permission.SHIPMENT_RELEASE)
    takings.take(actor, shipment_id, seen)
    release_many(actor=actor, batch=[(shipment_id, data)])


def release_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReleaseData]]) -> None:
    """Release planned shipments of the actor's state, all or none.

    No release before the importing and every transit state has licensed the movement, for the day
    on which it ships: the planned one, or that of a later release (CIFTA IX.2–3). Raises NotFound,
    Forbidden, IllegalTransition, Invalid, Conflict where the own permit does not stand, RuleBroken.
    """
    require(actor, Permission.SHIPMENT_RELEASE)
    shipments = takings.take_many(actor, [shipment_id for shipment_id, _ in batch])
    permits = {row.id: db.session.get_one(Permit, row.permit_id, populate_existing=True)
               for row in shipments.values()}  # fmt: skip
    ships, on = {}, today(actor)
    for shipment_id, data in batch:
        row = shipments[shipment_id]
        require(actor, Permission.SHIPMENT_RELEASE, row.owner_state)
        ships[shipment_id] = max(row.ships_on, data.on or on)
        _check(row, permits[shipment_id], data, on, ships[shipment_id])
    _check_licences(actor, shipments, ships)
    zones = days(actor)
    note_many(actor, [_note(shipments[key], data, on, zones) for key, data in batch])
    ledger.refresh(actor, shipments.values())
    telling.tell(actor, [News(row, "shipment_released", telling.others(actor, row))
                         for row in shipments.values()])  # fmt: skip
    append_many(actor, [_act(row) for row in shipments.values()])


def _check(row: Shipment, permit: Permit, data: ReleaseData, on: date, ships: date) -> None:
    if row.status != "planned":
        raise IllegalTransition("shipment", row.status, "release")
    if permit.status not in ("issued", "exhausted"):
        raise Conflict(say("The permit is {status}; nothing can be shipped under it.",
                           status=Coded("permit_status", permit.status)))  # fmt: skip
    problems = Problems()
    if data.on:
        check_date(problems, "on", data.on, on)
    if ships > permit.last_day:
        problems.add("on", say("The permit is valid from {first} to {last}.",
                               first=permit.issued_on, last=permit.last_day))  # fmt: skip
    problems.raise_any()


def _check_licences(
    actor: Actor, shipments: Mapping[UUID, Shipment], ships: Mapping[UUID, date]
) -> None:
    wanted = {key: (row.permit_id, ships[key]) for key, row in shipments.items()}
    found = licensing.lacks_on(actor, wanted.values())
    for key, asked in wanted.items():
        if lacks := found[asked]:
            raise RuleBroken(Article.LICENSING, _refusal(shipments[key], asked[1], lacks))


def _refusal(row: Shipment, on: date, lacks: Sequence[Lack]) -> Message:
    """Say which states have not licensed, and of the first one why."""
    first, states = lacks[0], ", ".join(lack.state for lack in lacks)
    return say(
        "Shipment {number} cannot be released for {on}: not licensed by {states}. The {kind} of {state} is"
        " {why}. A release needs the licences of the importing and of every transit state (CIFTA IX.3).",
        number=row.number, on=on, states=states, kind=Coded("permit_kind", first.kind),
        state=first.state, why=Coded("licence_lack", first.why),
    )  # fmt: skip


def _note(row: Shipment, data: ReleaseData, on: date, zones: Days) -> Note:
    """Return the event: at this moment, or at the beginning of the day that is told."""
    told = data.on is not None and data.on != on
    at = zones.start(row.owner_state, data.on or on) if told else None
    return Note(row, "released", data.note, at)


def _act(row: Shipment) -> Act:
    return Act(Action.SHIPMENT_RELEASED, "shipment", row.id, row.owner_state, row.concerned,
               {"number": row.number})  # fmt: skip
