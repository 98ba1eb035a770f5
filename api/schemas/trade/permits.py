"""Schemas of permits and licensees, and of decisions on them."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, pre_dump, pre_load

from api.http.fields.declared import DeclaredRequest, request_schema
from api.http.fields.scalars import Code, Day, Id, QuantityOrZero, StateCode, Text, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema, repeats
from api.http.pagination import ListQuery, listing_fields
from api.schemas.common import (
    PartyResponse,
    RecordedResponse,
    TimelineResponse,
    find_party,
    parse_day,
    row_fields,
)
from salsa_ext.core import codes
from salsa_ext.core.errors import Article, InvalidByRule, Message, message
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.trade.permits.licensees import LISTING as LICENSEE_LISTING
from salsa_ext.trade.permits.licensees import LicenseeView
from salsa_ext.trade.permits.queries import LISTING, PermitView
from salsa_ext.trade.permits.values import (
    AmendmentData,
    IssuingAuthority,
    LicenceDecision,
    LicenceRenewal,
    LicenseeData,
    PermitData,
    ReissueData,
    StatusDecision,
)


class AuthorityRequest(DeclaredRequest):
    """Issuing agency and signatory."""

    value = IssuingAuthority


class PermitLineRequest(DeclaredRequest):
    """Line of goods with the authorised quantity."""

    value, needed = Firearm, ("line", "quantity")


PermitRequest = request_schema(PermitData)


class BalanceResponse(Schema):
    """Balance of a permit line.

    Of what is shipped under an import certificate, `entered` came in, and `committed` is under way.
    """

    line = fields.Integer(required=True)
    authorised = fields.Float(attribute="quantity", required=True)
    shipped = fields.Float(required=True)
    lapsed = fields.Float(required=True)
    remaining = fields.Float(required=True)
    entered = fields.Float(
        required=True, metadata={"description": "What came into the importing state."}
    )
    committed = fields.Float(required=True)


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
    state = StateCode(allow_none=True)
    kind = Code(codes.PERMIT_KINDS, allow_none=True)
    number = fields.String(allow_none=True)


class PermitResponse(RecordedResponse):
    """Permit with today's status, status against its counterpart, and balance."""

    value, row = PermitData, "permit"
    status = Code(codes.PERMIT_STATUSES, required=True)
    counterpart_status = Code(codes.COUNTERPART_STATUSES, required=True)
    balance = fields.List(fields.Nested(BalanceResponse), required=True)
    findings = fields.List(fields.Nested(PermitFindingResponse), required=True)
    events = fields.List(fields.Nested(TimelineResponse))

    def frame(self, answer: Any, view: PermitView) -> dict[str, Any]:
        """Return the frame, with status, balance and findings."""
        return super().frame(answer, view) | {
            "status": view.status,
            "counterpart_status": view.counterpart_status,
            "balance": view.lines,
            "findings": view.findings,
            "events": view.events,
        }


class PermitQuery(ListQuery):
    """Filter and order of permits."""

    from_day, to_day, sort = listing_fields(LISTING)
    kind = Code(codes.PERMIT_KINDS)
    number = Text(most=100)
    external_id = Text(most=100)
    status = Code(codes.PERMIT_STATUSES)
    counterpart_status = Code(codes.COUNTERPART_STATUSES)
    exporting_state = StateCode()
    importing_state = StateCode()
    licensee = Id()


EXPIRY_FIELDS = ("expires_on", "latest_import_on")


def reject_fixed_fields(
    data: Any, schema: RequestSchema, fixed: Iterable[str], expiry_fields: Iterable[str] = ()
) -> None:
    """Raise FieldsAgainstRule for fields that cannot be amended.

    A later date is an extension, forbidden by the Model Regulations (8.2).
    """
    if not isinstance(data, Mapping):
        return
    given = {name for name in fixed if name in data} - set(schema.fields)
    later = [name for name in expiry_fields if name in given]
    if later:
        error = message(
            "A permit is not extended; reissue it under a new number that names this one (Model"
            " Regulations 8.2)."
        )
        raise InvalidByRule(Article.NO_EXTENSION, {name: [error] for name in later})
    wrong: dict[str, list[Message]] = {
        name: [
            message(
                "This is not amended (Model Regulations 8.5); cancel or reissue the document."
                " What can be: {fields}.",
                fields=", ".join(sorted(schema.fields)),
            )
        ]
        for name in sorted(given)
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
        changes: dict[str, Any] = {name: data[name] for name in ("source", "plan") if name in data}
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


LicenseeRequest = request_schema(LicenseeData)


class LicenseeDecisionRequest(RequestSchema):
    """Reason and first day of a decision."""

    value = LicenceDecision
    reason = Text(most=500, required=True)
    on = Day(required=True)


class LicenseeClosureRequest(LicenseeDecisionRequest):
    """Closure of a firm and the holder of its books."""

    books_with = Text(most=100, required=True)


class LicenseeRenewalRequest(RequestSchema):
    """New last day of a licence."""

    value = LicenceRenewal
    valid_to = Day(required=True)


LICENSEE_DECISIONS = ("suspended", "reinstated", "revoked", "closed", "renewed")


class LicenseeDecisionResponse(Schema):
    """Decision on a licence: day, reason, resulting status."""

    kind = Code(LICENSEE_DECISIONS, required=True)
    on = fields.Date(required=True)
    status = Code(codes.LICENSEE_STATUSES, required=True)
    reason = fields.String(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, event: Any, **_: Any) -> dict[str, Any]:
        data = event.data
        return {
            "kind": event.kind,
            "on": parse_day(data["on"]),
            "status": data["status"],
            "reason": event.reason,
            "valid_to": parse_day(data.get("valid_to")),
            "books_with": data.get("books_with"),
            "recorded_at": event.recorded_at,
        }


@repeats(LicenseeRequest)
class LicenseeResponse(Schema):
    """Licensee with all decisions in order."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    party = fields.Nested(PartyResponse, allow_none=True)
    status = Code(codes.LICENSEE_STATUSES, required=True)
    status_on = fields.Date(required=True)
    status_reason = fields.String(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    decisions = fields.List(fields.Nested(LicenseeDecisionResponse))

    @pre_dump
    def _present(self, view: LicenseeView, **_: Any) -> dict[str, Any]:
        return row_fields(view.licensee) | {
            "party": find_party(view.parties, view.licensee.party_id),
            "decisions": view.decisions,
        }


class PublishedLicenseeResponse(Schema):
    """Licence as its state publishes it (CIFTA XIII.1 a); `roles` are the published ones."""

    state = StateCode(attribute="licensee.owner_state", required=True)
    number = fields.String(attribute="licensee.number", required=True)
    name = fields.String(allow_none=True)
    kind = Code(codes.PARTY_KINDS, required=True)
    roles = fields.List(Code(codes.LICENSEE_ROLES), required=True)
    valid_from = fields.Date(attribute="licensee.valid_from", required=True)
    valid_to = fields.Date(attribute="licensee.valid_to", allow_none=True)
    status = Code(codes.LICENSEE_STATUSES, attribute="licensee.status", required=True)


class PublishedLicenseeQuery(ListQuery):
    """Filter of a state's published register; without `state`, of the own one."""

    state = StateCode()
    role = Code(codes.LICENSEE_ROLES)
    status = Code(codes.LICENSEE_STATUSES)
    name = Text(most=100)


class LicenseeQuery(ListQuery):
    """Filter of licensees."""

    from_day, to_day, sort = listing_fields(LICENSEE_LISTING)
    role = Code(codes.LICENSEE_ROLES)
    status = Code(codes.LICENSEE_STATUSES)
    number = Text(most=100)
