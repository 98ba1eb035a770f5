"""Signed papers of permits and shipments, and their verification."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.paper_tokens import Claims, check_token, token_key_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.access.signing import find_public_key, sign
from salsa_ext.annual_reports.models import AnnualReport
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNISSUED_STATUSES
from salsa_ext.core.errors import Conflict, NotFound, message
from salsa_ext.database.session import acting_as, db
from salsa_ext.firearms.records.queries import find_parties
from salsa_ext.papers import facts as paper_facts
from salsa_ext.papers.facts import PaperFacts
from salsa_ext.trade.permits import queries as permit_queries
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.shipments import queries
from salsa_ext.trade.shipments import queries as shipment_queries
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.queries import PackedItem, ShipmentView


@dataclass(frozen=True)
class PermitPaper:
    """Facts of a permit's paper, and its token."""

    view: PermitView
    facts: PaperFacts
    token: str


@dataclass(frozen=True)
class ShipmentPaper:
    """Facts of a shipment's paper with its permit, and its token."""

    view: ShipmentView
    permit: PermitView
    items: Collection[PackedItem]
    facts: PaperFacts
    token: str


@dataclass(frozen=True)
class Verification:
    """Result of a token's verification.

    `claims` if the signature is valid. `paper` is `current`, `superseded` if the record differs, or
    `not_recorded`. `permit` and `shipment` only for concerned states.
    """

    verdict: str
    claims: Claims | None = None
    kid: str | None = None
    status: str | None = None
    paper: str | None = None
    permit: PermitView | None = None
    shipment: ShipmentView | None = None


def sign_permit(*, actor: Actor, permit_id: UUID) -> PermitPaper:
    """Return the signed paper of a permit.

    Raises NotFound, Conflict before it is issued, RuleBroken without an agreement on electronic copies.
    """
    require(actor, Permission.PERMIT_READ)
    view = permit_queries.read_permit(actor, permit_id)
    if view.permit.status in UNISSUED_STATUSES:
        raise Conflict(
            message(
                "This permit is not issued yet. Its paper follows when a second person approves it."
            )
        )
    paper_facts.require_copy_agreement(actor, view.permit.owner_state)
    facts = paper_facts.permit_facts(actor, view)
    return PermitPaper(view, facts, sign(actor, facts.to_claims(actor.now())))


def sign_shipment(*, actor: Actor, shipment_id: UUID) -> ShipmentPaper:
    """Return the signed paper of a shipment.

    Raises NotFound, RuleBroken without an agreement on electronic copies, Conflict for a delivery
    that is to be verified and was not received.
    """
    require(actor, Permission.SHIPMENT_READ)
    row = db.session.get(Shipment, shipment_id, populate_existing=True)
    if row is None:
        raise NotFound("shipment", shipment_id)
    paper_facts.require_copy_agreement(actor, row.owner_state)
    [view] = shipment_queries.view_shipments(actor, [row])
    if row.is_inbound and view.receipt is None:
        problem = message("This paper verifies the delivery. Confirm the receipt first.")
        raise Conflict(problem)
    items, permit = _paper_items(view), permit_queries.read_permit(actor, row.permit_id)
    facts = _facts_of_shipment(view, permit, items)
    token = sign(actor, facts.to_claims(actor.now()))
    return ShipmentPaper(view, permit, items, facts, token)


def verify_token(*, actor: Actor, text: str) -> Verification:
    """Verify a token: its signature, and whether it is still valid.

    The holder of a paper has read all of it: any authority learns its validity; only concerned
    states see the record. Audited for the owner.
    """
    require(actor, Permission.PERMIT_READ)
    token = text.strip()
    kid = token_key_id(token)
    reading = check_token(token, find_public_key(kid))
    if reading.claims is None or reading.verdict != "valid":
        return Verification(reading.verdict, reading.claims, kid)
    with acting_as(actor, reading.claims.state):
        recorded = _find_recorded(actor, reading.claims)
    _audit_verification(actor, reading.claims, recorded)
    return _compare(actor, reading.claims, kid, recorded)


@dataclass(frozen=True)
class _RecordedPaper:
    facts: PaperFacts
    subject_kind: str
    subject_id: UUID
    concerned: Sequence[str]


def _find_recorded(actor: Actor, claims: Claims) -> _RecordedPaper | None:
    if claims.kind == paper_facts.ANNUAL_REPORT:
        return _find_recorded_report(claims)
    if claims.kind in paper_facts.OF_SHIPMENTS:
        return _find_recorded_shipment(actor, claims)
    query = select(Permit).filter_by(
        owner_state=claims.state, kind=claims.kind, number=claims.number
    )
    query = query.where(Permit.status.not_in(UNISSUED_STATUSES))
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    facts = paper_facts.permit_facts(actor, permit_queries.read_permit(actor, row.id))
    return _RecordedPaper(facts, "permit", row.id, row.concerned)


def _find_recorded_report(claims: Claims) -> _RecordedPaper | None:
    """Return a signed annual report; it is `corrected` once a later one of its year is signed."""
    year, _, number = claims.number.partition("-")
    query = select(AnnualReport).where(
        AnnualReport.owner_state == claims.state,
        AnnualReport.year == int(year),
        AnnualReport.number >= int(number),
        AnnualReport.status == "signed",
    )
    rows = db.session.scalars(query.order_by(AnnualReport.number)).all()
    if not rows or rows[0].number != int(number):
        return None
    same = {name: getattr(claims, name) for name in paper_facts.CLAIM_NAMES}
    status = "signed" if len(rows) == 1 else "corrected"
    facts = PaperFacts(**same, face=rows[0].content or {}, status=status)
    return _RecordedPaper(facts, "annual_report", rows[0].id, ())


def _find_recorded_shipment(actor: Actor, claims: Claims) -> _RecordedPaper | None:
    query = select(Shipment).filter_by(owner_state=claims.state, number=claims.number)
    row = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if row is None:
        return None
    [view] = shipment_queries.view_shipments(actor, [row])
    permit = permit_queries.read_permit(actor, row.permit_id)
    facts = _facts_of_shipment(view, permit, _paper_items(view))
    return _RecordedPaper(facts, "shipment", row.id, row.concerned)


def _paper_items(view: ShipmentView) -> Collection[PackedItem]:
    """Return the items of a shipment; of an inbound one those that arrived."""
    row, receipt = view.shipment, view.receipt
    missing = receipt.missing if row.is_inbound and receipt else ()
    return queries.packed_items(row, missing)


def _facts_of_shipment(
    view: ShipmentView, permit: PermitView, items: Collection[PackedItem]
) -> PaperFacts:
    parties = permit.parties | find_parties([view.shipment.carrier_id])
    return paper_facts.shipment_facts(
        view.shipment, view.status, permit.permit, parties, items, view.receipt
    )


def _compare(
    actor: Actor, claims: Claims, kid: str | None, recorded: _RecordedPaper | None
) -> Verification:
    if recorded is None:
        return Verification("not_valid", claims, kid, paper="not_recorded")
    is_current = recorded.facts.matches(claims)
    verdict = "valid" if is_current and recorded.facts.is_valid else "not_valid"
    paper = "current" if is_current else "superseded"
    answer = Verification(verdict, claims, kid, recorded.facts.status, paper)
    return _add_record(actor, answer, recorded) if actor.state in recorded.concerned else answer


def _add_record(actor: Actor, answer: Verification, recorded: _RecordedPaper) -> Verification:
    """Add the record as the actor's state sees it."""
    if recorded.subject_kind == "permit":
        return replace(answer, permit=permit_queries.read_permit(actor, recorded.subject_id))
    if Permission.SHIPMENT_READ in actor.permissions:
        return replace(answer, shipment=shipment_queries.read_shipment(actor, recorded.subject_id))
    return answer


def _audit_verification(actor: Actor, claims: Claims, recorded: _RecordedPaper | None) -> None:
    if recorded is None:
        return
    audit_data = {"kind": claims.kind, "number": claims.number}
    act = AuditEvent(
        Action.PERMIT_VERIFIED,
        recorded.subject_kind,
        recorded.subject_id,
        claims.state,
        concerned=[claims.state],
        data=audit_data,
    )
    append_many(actor, [act])
