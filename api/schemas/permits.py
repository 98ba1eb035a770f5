"""Schemas of permits and their changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, pre_dump, pre_load

from api.http.fields.codes import Code, StateCode
from api.http.fields.numbers import Quantity, QuantityOrZero, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.common import (
    FirearmRequest,
    FirearmResponse,
    PartyRequest,
    PartyResponse,
    ReferenceRequest,
    ReferenceResponse,
    RemarkedResponse,
    TimelineResponse,
    find_party,
    present_remarks,
    row_fields,
)
from salsa_ext.core import codes
from salsa_ext.core.errors import Article, InvalidByRule, Message, message
from salsa_ext.trade.permits.queries import PermitView
from salsa_ext.trade.permits.values import (
    AmendmentData,
    IssuingAuthority,
    PermitData,
    ReissueData,
    StatusDecision,
)


class AuthorityRequest(RequestSchema):
    """Issuing agency and signatory."""

    value = IssuingAuthority
    agency = Text(most=100, required=True)
    signatory = Text(required=True)


class PlanRequest(RequestSchema):
    """The plan of a transit (Model Regulations 4.2)."""

    route = Text(most=1000, required=True)
    port_of_entry = Text(required=True)
    port_of_exit = Text(required=True)
    mode = Code(codes.TRANSPORT_MODES, required=True)
    enters_on = Day(required=True)
    leaves_on = Day(required=True)
    carrier = Text()
    expected_location = Text()


class PermitLineRequest(FirearmRequest):
    """Line of goods with the authorised quantity."""

    line = Whole(least=1, most=1_000_000, required=True)
    quantity = Quantity(required=True)


class PermitRequest(RequestSchema):
    """An import certificate, in-transit authorization or export certificate."""

    value = PermitData
    kind = Code(codes.PERMIT_KINDS, required=True)
    number = Text(most=100, required=True)
    document_kind = Code(codes.PERMIT_DOCUMENT_KINDS, required=True)
    issued_on = Day(required=True)
    expires_on = Day(required=True)
    latest_import_on = Day()
    authority = Nested(AuthorityRequest, required=True)
    regime = Code(codes.PERMIT_REGIMES, required=True)
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
    lines = Items(Nested(PermitLineRequest), most=1000, required=True)


class BalanceResponse(Schema):
    """Balance of a permit line."""

    line = fields.Integer(required=True)
    authorised = fields.Float(required=True)
    shipped = fields.Float(required=True)
    lapsed = fields.Float(required=True)
    left = fields.Float(required=True)


class PermitFindingResponse(Schema):
    """Difference found on a permit, mostly from a counterpart.

    `number`: of an awaited permit. `party_not_authorised`: `field` is the party's role, `ours` the
    party, `theirs` what the register of its `state` has: `not_registered`, `not_active`, `expired`
    or `wrong_role`.
    """

    code = fields.String(required=True)
    field = fields.String(allow_none=True)
    ours = fields.String(allow_none=True)
    theirs = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    kind = fields.String(allow_none=True)
    number = fields.String(allow_none=True)


class PermitResponse(RemarkedResponse):
    """Permit with today's status, standing and balance."""

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
    findings = fields.List(fields.Nested(PermitFindingResponse), required=True)
    events = fields.List(fields.Nested(TimelineResponse))
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, view: PermitView, **_: Any) -> dict[str, Any]:
        permit = view.permit
        sides = ("exporter", "importer", "final_consignee", "broker")
        signatory = find_party(view.parties, permit.signatory_id)
        carrier = find_party(view.parties, permit.carrier_id)
        return (
            row_fields(permit)
            | present_remarks(view)
            | {
                "status": view.status,
                "standing": view.counterpart_status,
                "findings": view.findings,
                "events": view.events,
                "lines": view.lines,
                "balance": [_balance(line) for line in view.lines],
                "authority": {"agency": permit.agency, "signatory": signatory and signatory.name},
                "plan": permit.plan and permit.plan | {"carrier": carrier and carrier.name},
                "import_permit": _reference(permit.importing_state, permit.import_permit_number),
                "export_permit": _reference(permit.exporting_state, permit.export_permit_number),
            }
            | {name: find_party(view.parties, getattr(permit, f"{name}_id")) for name in sides}
        )


class PermitQuery(ListQuery):
    """Filter of permits."""

    kind = Code(codes.PERMIT_KINDS)
    number = Text(most=100)
    status = Code(codes.PERMIT_STATUSES)
    standing = Code(codes.COUNTERPART_STATUSES, attribute="counterpart_status")
    exporting_state = StateCode()
    importing_state = StateCode()


def _balance(line: Any) -> dict[str, Any]:
    return {
        "line": line.line,
        "authorised": line.quantity,
        "shipped": line.shipped,
        "lapsed": line.lapsed,
        "left": line.remaining,
    }


def _reference(state: str, number: str | None) -> dict[str, str] | None:
    return {"state": state, "number": number} if number else None


EXPIRY_FIELDS = ("expires_on", "latest_import_on")


def reject_fixed_fields(
    data: Any, schema: RequestSchema, fixed: Iterable[str], expiry_fields: Iterable[str] = ()
) -> None:
    """Raise FieldsAgainstRule for fields that cannot be amended.

    A later date is an extension, forbidden by the Model Regulations (8.2).
    """
    if not isinstance(data, Mapping):
        return
    told = {name for name in fixed if name in data} - set(schema.fields)
    later = [name for name in expiry_fields if name in told]
    if later:
        said = message(
            "A permit is not extended; reissue it under a new number that names this one (Model"
            " Regulations 8.2)."
        )
        raise InvalidByRule(Article.NO_EXTENSION, {name: [said] for name in later})
    wrong: dict[str, list[Message]] = {
        name: [
            message(
                "This is not amended (Model Regulations 8.5); cancel or reissue the document."
                " What can be: {fields}.",
                fields=", ".join(sorted(schema.fields)),
            )
        ]
        for name in sorted(told)
    }
    if wrong:
        raise InvalidByRule(Article.AMENDABLE, wrong)


class PermitDecisionRequest(RequestSchema):
    """Reason to cancel, suspend or reinstate a permit."""

    value = StatusDecision
    reason = Text(most=1000, required=True)


class PlanAmendRequest(RequestSchema):
    """Amended fields of a transit plan."""

    route = Text(most=1000)
    port_of_entry = Text()
    port_of_exit = Text()
    mode = Code(codes.TRANSPORT_MODES)
    enters_on = Day()
    leaves_on = Day()
    carrier = Text()
    expected_location = Text()

    def build(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the plan with dates in ISO 8601."""
        dates = {
            name: data[name].isoformat() for name in ("enters_on", "leaves_on") if name in data
        }
        return data | dates


class PermitAmendRequest(RequestSchema):
    """Amended source of the goods or transit plan (Model Regulations 8.5)."""

    source = Text(most=1000)
    plan = Nested(PlanAmendRequest)
    authentication = Text(
        metadata={"description": "The stamp, seal or authorised signature that shows the change."}
    )
    reason = Text(
        most=1000, metadata={"description": "Required for all but a change of the mode alone."}
    )

    @pre_load
    def _fixed(self, data: Any, **_: Any) -> Any:
        reject_fixed_fields(data, self, PermitRequest._declared_fields, EXPIRY_FIELDS)
        return data

    def build(self, data: dict[str, Any]) -> AmendmentData:
        """Return the amendment."""
        changes = {name: data[name] for name in ("source", "plan") if name in data}
        return AmendmentData(changes, data.get("authentication"), data.get("reason"))


class ReissueLineRequest(RequestSchema):
    """Quantity of a line to reissue.

    An omitted line is reissued with its whole balance.
    """

    line = Whole(least=1, most=1_000_000, required=True)
    quantity = QuantityOrZero(required=True, metadata={"description": "0 leaves the line out."})


class ReissueRequest(RequestSchema):
    """Number and dates of the new permit (Model Regulations 8.2).

    All other fields are copied.
    """

    number = Text(most=100, required=True)
    issued_on = Day(required=True)
    expires_on = Day(required=True)
    latest_import_on = Day()
    authority = Nested(AuthorityRequest, required=True)
    lines = Items(Nested(ReissueLineRequest), most=1000, load_default=())

    def build(self, data: dict[str, Any]) -> ReissueData:
        """Return the reissue, with the quantities by line."""
        lines = data.pop("lines")
        quantities: dict[int, Decimal] = {line["line"]: line["quantity"] for line in lines}
        return ReissueData(**data, quantities=quantities)
