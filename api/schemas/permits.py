"""Permits over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import (
    FirearmRequest,
    FirearmResponse,
    PartyRequest,
    PartyResponse,
    ReferenceRequest,
    ReferenceResponse,
    RemarkedResponse,
    columns,
    remarked,
    side,
)
from api.schemas.events import TimelineResponse
from api.schemas.fields import (
    Code,
    Day,
    Items,
    Nested,
    Quantity,
    RequestSchema,
    StateCode,
    Text,
    Whole,
)
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.values import codes
from salsa_ext.values.permits import Authority, PermitData


class AuthorityRequest(RequestSchema):
    """Who signs."""

    value = Authority
    agency = Text(most=100, required=True)
    signatory = Text(required=True)


class PlanRequest(RequestSchema):
    """The plan of a transit (Model Regulations 4.2)."""

    route = Text(most=1000, required=True)
    port_of_entry = Text(required=True)
    port_of_exit = Text(required=True)
    mode = Code(codes.MODES, required=True)
    enters_on = Day(required=True)
    leaves_on = Day(required=True)
    carrier = Text()
    expected_location = Text()


class LineRequest(FirearmRequest):
    """One line of goods, with the quantity that is authorised."""

    line = Whole(least=1, most=1_000_000, required=True)
    quantity = Quantity(required=True)


class PermitRequest(RequestSchema):
    """An import certificate, in-transit authorization or export certificate."""

    value = PermitData
    kind = Code(codes.PERMIT_KINDS, required=True)
    number = Text(most=100, required=True)
    document_kind = Code(codes.DOCUMENT_KINDS, required=True)
    issued_on = Day(required=True)
    expires_on = Day(required=True)
    latest_import_on = Day()
    authority = Nested(AuthorityRequest, required=True)
    regime = Code(codes.REGIMES, required=True)
    exporting_state = StateCode(required=True)
    importing_state = StateCode(required=True)
    transit_states = Items(StateCode(), most=20, load_default=())
    exporter = Nested(PartyRequest, required=True)
    importer = Nested(PartyRequest, required=True)
    final_consignee = Nested(PartyRequest, required=True)
    broker = Nested(PartyRequest)
    source = Text(most=1000)
    end_use = Text(most=1000)
    conditions = Text(most=2000)
    import_permit = Nested(ReferenceRequest)
    export_permit = Nested(ReferenceRequest)
    transit_permits = Items(Nested(ReferenceRequest), most=20, load_default=())
    replaces = Text(most=100)
    plan = Nested(PlanRequest)
    refusal = Text(most=1000)
    lines = Items(Nested(LineRequest), most=1000, required=True)


class BalanceResponse(Schema):
    """What is left of a line."""

    line = fields.Integer(required=True)
    authorised = fields.Float(required=True)
    shipped = fields.Float(required=True)
    lapsed = fields.Float(required=True)
    left = fields.Float(required=True)


class FindingResponse(Schema):
    """What does not add up about a permit, mostly where a counterpart says something else.

    Of one that is awaited, `number` is that by which the permit names it. `party_not_authorised`
    names in `field` the role of a party and in `ours` the party; `theirs` is what the register of
    its `state` says: `not_registered`, `not_active`, `expired` or `wrong_role`.
    """

    code = fields.String(required=True)
    field = fields.String(allow_none=True)
    ours = fields.String(allow_none=True)
    theirs = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    kind = fields.String(allow_none=True)
    number = fields.String(allow_none=True)


class PermitResponse(RemarkedResponse):
    """A permit with its status of today, its standing and its balance."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    kind = fields.String(required=True)
    number = fields.String(required=True)
    document_kind = fields.String(required=True)
    status = fields.String(required=True)
    standing = fields.String(required=True)
    issued_on = fields.Date(required=True)
    expires_on = fields.Date(required=True)
    latest_import_on = fields.Date(allow_none=True)
    authority = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))
    regime = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    transit_states = fields.List(fields.String(), required=True)
    exporter = fields.Nested(PartyResponse, allow_none=True)
    importer = fields.Nested(PartyResponse, allow_none=True)
    final_consignee = fields.Nested(PartyResponse, allow_none=True)
    broker = fields.Nested(PartyResponse, allow_none=True)
    source = fields.String(allow_none=True)
    end_use = fields.String(allow_none=True)
    conditions = fields.String(allow_none=True)
    import_permit = fields.Nested(ReferenceResponse, allow_none=True)
    export_permit = fields.Nested(ReferenceResponse, allow_none=True)
    transit_permits = fields.List(fields.Nested(ReferenceResponse))
    replaces = fields.String(allow_none=True)
    plan = fields.Dict(keys=fields.String(), allow_none=True)
    refusal = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(FirearmResponse), required=True)
    balance = fields.List(fields.Nested(BalanceResponse), required=True)
    findings = fields.List(fields.Nested(FindingResponse), required=True)
    events = fields.List(fields.Nested(TimelineResponse))
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, view: PermitView, **_: Any) -> dict[str, Any]:
        permit = view.permit
        sides = ("exporter", "importer", "final_consignee", "broker")
        signatory = side(view.parties, permit.signatory_id)
        carrier = side(view.parties, permit.carrier_id)
        return columns(permit) | remarked(view) | {
            "status": view.status, "standing": view.standing, "findings": view.findings,
            "events": view.events,
            "lines": view.lines, "balance": [_balance(line) for line in view.lines],
            "authority": {"agency": permit.agency, "signatory": signatory and signatory.name},
            "plan": permit.plan and permit.plan | {"carrier": carrier and carrier.name},
            "import_permit": _reference(permit.importing_state, permit.import_permit_number),
            "export_permit": _reference(permit.exporting_state, permit.export_permit_number),
        } | {name: side(view.parties, getattr(permit, f"{name}_id")) for name in sides}  # fmt: skip


class PermitQuery(ListQuery):
    """Which permits."""

    kind = Code(codes.PERMIT_KINDS)
    number = Text(most=100)
    status = Code(codes.PERMIT_STATUSES)
    standing = Code(codes.STANDINGS)
    exporting_state = StateCode()
    importing_state = StateCode()


def _balance(line: Any) -> dict[str, Any]:
    return {"line": line.line, "authorised": line.quantity, "shipped": line.shipped,
            "lapsed": line.lapsed, "left": line.left}  # fmt: skip


def _reference(state: str, number: str | None) -> dict[str, str] | None:
    return {"state": state, "number": number} if number else None
