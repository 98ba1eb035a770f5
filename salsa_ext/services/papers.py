"""Papers of permits and shipments: signed for whoever may have them, and checked for anybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state, db
from salsa_ext.errors import NotFound
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import packing, permits, shipments
from salsa_ext.readmodels import papers as facing
from salsa_ext.readmodels.packing import Item
from salsa_ext.readmodels.papers import Facts
from salsa_ext.readmodels.parties import parties_of
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.readmodels.signing import keys_named
from salsa_ext.services.sealing import Vault
from salsa_ext.services.signing import sign
from salsa_ext.values.actor import Actor
from salsa_ext.values.tokens import Claims, key_named, read


@dataclass(frozen=True)
class PermitPaper:
    """What the paper of a permit shows, and its token."""

    view: PermitView
    facts: Facts
    token: str


@dataclass(frozen=True)
class ShipmentPaper:
    """What the paper of a shipment shows, under which certificate, and its token."""

    view: ShipmentView
    permit: PermitView
    items: Collection[Item]
    facts: Facts
    token: str


@dataclass(frozen=True)
class Verification:
    """What became of a token; `claims` where its signature is good, the rest where it stands.

    `paper` is `current`, `superseded` where the record says something else by now, or
    `not_recorded`. `permit` and `shipment` are given to states concerned alone.
    """

    verdict: str
    claims: Claims | None = None
    kid: str | None = None
    status: str | None = None
    paper: str | None = None
    permit: PermitView | None = None
    shipment: ShipmentView | None = None


def permit_paper(*, actor: Actor, vault: Vault, permit_id: UUID) -> PermitPaper:
    """Return the paper of a permit; raises NotFound or ElectronicCopiesNotAgreed."""
    require(actor, Permission.PERMIT_READ)
    view = permits.read(actor, permit_id)
    facing.may_copy(actor, view.permit.owner_state)
    facts = facing.permit_facts(actor, view)
    return PermitPaper(view, facts, sign(actor, vault, facts.claims(actor.now())))


def shipment_paper(*, actor: Actor, vault: Vault, shipment_id: UUID) -> ShipmentPaper:
    """Return the paper of a shipment; raises NotFound or ElectronicCopiesNotAgreed."""
    require(actor, Permission.SHIPMENT_READ)
    row = db.session.get(Shipment, shipment_id, populate_existing=True)
    if row is None:
        raise NotFound("shipment", shipment_id)
    facing.may_copy(actor, row.owner_state)
    [view] = shipments.views(actor, [row])
    items, permit = packing.items_of(row), permits.read(actor, row.permit_id)
    facts = _shipment_facts(view, permit, items)
    token = sign(actor, vault, facts.claims(actor.now()))
    return ShipmentPaper(view, permit, items, facts, token)


def verify(*, actor: Actor, text: str) -> Verification:
    """Check a token: its signature, and whether what it says still stands with its state.

    Whoever holds a paper that its state signed has read all of it; so any authority is told whether
    it stands, and the states concerned alone see the record. The owner's audit has it.
    """
    require(actor, Permission.PERMIT_READ)
    token = text.strip()
    kid = key_named(token)
    reading = read(token, keys_named(kid))
    if reading.claims is None or reading.verdict != "valid":
        return Verification(reading.verdict, reading.claims, kid)
    with as_state(actor, reading.claims.state):
        found = _found(actor, reading.claims)
    _write_down(actor, reading.claims, found)
    return _compared(actor, reading.claims, kid, found)


@dataclass(frozen=True)
class _Found:
    facts: Facts
    subject_kind: str
    subject_id: UUID
    concerned: Sequence[str]


def _found(actor: Actor, claims: Claims) -> _Found | None:
    if claims.kind == "attachment":
        return _found_shipment(actor, claims)
    wanted = select(Permit).filter_by(
        owner_state=claims.state, kind=claims.kind, number=claims.number
    )
    row = db.session.scalars(wanted.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    facts = facing.permit_facts(actor, permits.read(actor, row.id))
    return _Found(facts, "permit", row.id, row.concerned)


def _found_shipment(actor: Actor, claims: Claims) -> _Found | None:
    wanted = select(Shipment).filter_by(owner_state=claims.state, number=claims.number)
    row = db.session.scalars(wanted.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    [view] = shipments.views(actor, [row])
    permit = permits.read(actor, row.permit_id)
    facts = _shipment_facts(view, permit, packing.items_of(row))
    return _Found(facts, "shipment", row.id, row.concerned)


def _shipment_facts(view: ShipmentView, permit: PermitView, items: Collection[Item]) -> Facts:
    parties = permit.parties | parties_of([view.shipment.carrier_id])
    return facing.shipment_facts(view.shipment, view.status, permit.permit, parties, items)


def _compared(actor: Actor, claims: Claims, kid: str | None, found: _Found | None) -> Verification:
    if found is None:
        return Verification("not_standing", claims, kid, paper="not_recorded")
    is_current = found.facts.is_on(claims)
    verdict = "valid" if is_current and found.facts.is_standing else "not_standing"
    paper = "current" if is_current else "superseded"
    answer = Verification(verdict, claims, kid, found.facts.status, paper)
    return _completed(actor, answer, found) if actor.state in found.concerned else answer


def _completed(actor: Actor, answer: Verification, found: _Found) -> Verification:
    """Add the record as the actor's own state sees it."""
    if found.subject_kind == "permit":
        return replace(answer, permit=permits.read(actor, found.subject_id))
    if Permission.SHIPMENT_READ in actor.permissions:
        return replace(answer, shipment=shipments.read(actor, found.subject_id))
    return answer


def _write_down(actor: Actor, claims: Claims, found: _Found | None) -> None:
    if found is None:
        return
    told = {"kind": claims.kind, "number": claims.number}
    act = Act(Action.PERMIT_VERIFIED, found.subject_kind, found.subject_id, claims.state,
              concerned=[claims.state], data=told)  # fmt: skip
    append_many(actor, [act])
