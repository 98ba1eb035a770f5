"""Schemas of records, disclosures, consents, matches, guns and leads."""

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, pre_dump, validates_schema

from api.http.fields.scalars import Code, Day, EventDay, Id, QueryFlag, StateCode, Text, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema, ViewResponse, repeats
from api.http.pagination import ListQuery, listing_fields
from api.i18n.messages import translate, translate_event
from api.schemas.checks import ReasonResponse
from api.schemas.common import (
    FirearmResponse,
    PartyResponse,
    SharedResponse,
    item_fields,
    present_party,
    present_sharing,
    row_fields,
)
from api.schemas.reference import ContactResponse
from salsa_ext.administration.audit import DisclosureView
from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.disclosure.consents import LISTING, ConsentData, GrantData
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.guns.rules import JOIN_KINDS
from salsa_ext.leads.leads import SeizedGun
from salsa_ext.leads.queries import LeadView
from salsa_ext.matches.commands import DecisionData
from salsa_ext.matches.queries import MatchView
from salsa_ext.trade.permits.values import StatusDecision


class RecordResponse(FirearmResponse, SharedResponse):
    """Record of one gun; private persons for their state or with consent.

    `withdrawn`: its receipt was corrected or its report made in error.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    event = Code(codes.EVENT_KINDS, required=True)
    occurred_on = EventDay(required=True)
    document_kind = Code(codes.DOCUMENT_KINDS, required=True)
    document = fields.UUID(attribute="document_id", required=True)
    counterpart_state = StateCode(allow_none=True)
    owner_kind = Code(codes.OWNER_KINDS, allow_none=True)
    handed_in = fields.Boolean(required=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)
    visibility = Code(codes.VISIBILITIES, allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)
    withdrawn = fields.Boolean(required=True)

    @pre_dump
    def _present(self, disclosed: Disclosure, **_: Any) -> dict[str, Any]:
        view = disclosed.view
        row, setting, may = view.record, view.setting, disclosed.sharing.may
        return (
            row_fields(row)
            | present_sharing(disclosed.sharing, disclosed.present_groups)
            | {
                **item_fields(view),
                "giver": present_party(view.parties, row.giver_id, may),
                "receiver": present_party(view.parties, row.receiver_id, may),
                "reason": row.reason if may("remarks") else None,
                "visibility": setting.visibility if setting and disclosed.is_own else None,
                "handling": setting.handling if setting else None,
                "withdrawn": view.is_withdrawn,
            }
        )


DISCLOSURE_WAYS = tuple("reading answer form check seizure trace match hit".split())


class DisclosureResponse(Schema):
    """Disclosure of a record to a state: version, field groups, purpose.

    `through`: `reading`, an `answer` to a trace, a `form`, or a search by `check`, `seizure`,
    `trace`, `match` or `hit`. `role` of the recipient, null for a state. `given_by`: the giving
    state, another one if passed on.
    """

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    state = StateCode(required=True)
    role = Code(codes.ROLES, required=True, allow_none=True)
    given_by = StateCode(required=True)
    through = Code(DISCLOSURE_WAYS, required=True)
    automatic = fields.Boolean(attribute="is_by_itself", required=True)
    purpose = Code(codes.PURPOSES, allow_none=True)
    case_number = fields.String(allow_none=True)
    record_version = fields.Integer(required=True)
    groups = fields.List(Code(codes.FIELD_GROUPS), required=True)
    handling = Code(codes.HANDLING_CODES, allow_none=True)

    @pre_dump
    def _present(self, view: DisclosureView, **_: Any) -> dict[str, Any]:
        names = ("state", "role", "given_by", "through", "is_by_itself")
        return (
            row_fields(view.entry)
            | {name: getattr(view, name) for name in names}
            | {
                "record_version": view.version,
                "groups": view.entry.data.get("groups", ()),
                "handling": view.entry.data.get("handling"),
            }
        )


class DisclosureQuery(ListQuery):
    """Filter of disclosures by recipient and purpose."""

    owner_state = StateCode(data_key="state")
    purpose = Code(codes.PURPOSES)
    case_number = Text(most=100)


class ConsentRequest(RequestSchema):
    """Use of another state's record in a case, with the reason.

    Both states read the reason. `names` its private persons, `court` use in court, `onward` to the
    state `to`, `compelled` notice of a disclosure forced by law.
    """

    value = ConsentData
    record = Id(required=True)
    use = Code(codes.CONSENT_USES, required=True)
    to = StateCode()
    case_number = Text(most=100, required=True)
    reason = Text(most=1000, required=True)


class ConsentGrantRequest(RequestSchema):
    """Grant of a use until a day."""

    value = GrantData
    expires_on = Day(required=True)
    reason = Text(most=1000)


class ConsentRefusalRequest(RequestSchema):
    """Reason to refuse or revoke a consent."""

    value = StatusDecision
    reason = Text(most=1000, required=True)


@repeats(ConsentRequest)
class ConsentResponse(ViewResponse):
    """Consent as stored by the caller's state; `answer` of the origin."""

    row = "consent"
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = Code(codes.CONSENT_STATUSES, required=True)
    origin_state = StateCode(required=True)
    asking_state = StateCode(required=True)
    record = fields.UUID(attribute="record_id", required=True)
    to = StateCode(attribute="to_state", required=True, allow_none=True)
    answer = fields.String(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    asked_at = fields.DateTime(required=True)
    answered_at = fields.DateTime(allow_none=True)


class ConsentQuery(ListQuery):
    """Filter of consents by states, record and case."""

    from_day, to_day, sort = listing_fields(LISTING)
    status = Code(codes.CONSENT_STATUSES)
    use = Code(codes.CONSENT_USES)
    origin_state = StateCode()
    asking_state = StateCode()
    record_id = Id(data_key="record")
    case_number = Text(most=100)


class OtherMatchRequest(RequestSchema):
    """Another match, with the version that was read."""

    id = Id(required=True)
    version = Whole(least=1, most=1_000_000, required=True)


class MatchConfirmRequest(RequestSchema):
    """Confirmation of a match, and of all `others` for the same reason; of all or none.

    With others, mark, make and type of each are the same, and nothing contradicts it.
    """

    reason = Text(most=500)
    others = Items(Nested(OtherMatchRequest), most=200, load_default=())

    def build(self, data: dict[str, Any]) -> DecisionData:
        """Return the decision, with the versions of the others."""
        others = {other["id"]: other["version"] for other in data.pop("others")}
        return DecisionData(**data, others=others)


REASON_MISSING: Final = message(
    "The reason is missing. Give it in words, or choose another one than “Another reason”."
)


class MatchRejectRequest(RequestSchema):
    """Rejection of a match, and of all `others` for the same reason; of all or none.

    `reason` is required without a code, and with the code `other`.
    """

    reason = Text(most=500)
    reason_code = Code(codes.MATCH_REJECTIONS)
    others = Items(Id(), most=200, load_default=())

    def build(self, data: dict[str, Any]) -> DecisionData:
        """Return the decision."""
        return DecisionData(**data | {"others": dict.fromkeys(data["others"])})

    @validates_schema
    def _check_reason(self, data: dict[str, Any], **_: Any) -> None:
        if not data.get("reason") and data.get("reason_code", "other") == "other":
            raise ValidationError({"reason": [REASON_MISSING]})


class MatchOtherResponse(Schema):
    """Other record and contact; `record` is null if not shared."""

    state = StateCode(required=True)
    record = fields.UUID(required=True, allow_none=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class MatchResponse(Schema):
    """Match as known and judged by the caller's state."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = Code(codes.MATCH_STATUSES, required=True)
    current = fields.Boolean(attribute="is_current", required=True)
    confirmable = fields.Boolean(attribute="is_sure", required=True)
    record = fields.UUID(attribute="record_id", required=True)
    other = fields.Nested(MatchOtherResponse, required=True)
    score = fields.Float(required=True)
    strength = Code(codes.MATCH_STRENGTHS, required=True)
    worth = Code(codes.MATCH_WORTHS, required=True)
    reasons = fields.List(fields.Nested(ReasonResponse), required=True)
    proposed_at = fields.DateTime(required=True)
    changed_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(allow_none=True)
    decided_by = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    reason_code = Code(codes.MATCH_REJECTIONS, allow_none=True)

    @pre_dump
    def _present(self, view: MatchView, **_: Any) -> dict[str, Any]:
        row = view.match
        other = {"state": row.other_state, "record": row.other_record, "contact": view.contact}
        reasons = [
            {"code": each["code"], "bits": each["bits"], "text": translate(each)}
            for each in row.reasons
        ]
        return row_fields(row) | {
            "other": other,
            "reasons": reasons,
            "worth": view.worth,
            "decided_by": view.decided_by,
        }


class MatchQuery(ListQuery):
    """Filter of matches; `current=false` lists those ended by corrections.

    `least_worth`: this and what is more worth a look; `crime` leaves out what cannot be compared
    (`pointer`) and duplicates (`trade`).
    """

    status = Code(codes.MATCH_STATUSES)
    strength = Code(codes.MATCH_STRENGTHS)
    record = Id()
    other_state = StateCode(data_key="state")
    is_current = QueryFlag(data_key="current")
    is_sure = QueryFlag(data_key="confirmable")
    worth = Code(codes.MATCH_WORTHS)
    least_worth = Code(codes.MATCH_WORTHS)


class GunRecordResponse(Schema):
    """Record of a gun: what happened, and how it is joined to the gun."""

    record = fields.Nested(RecordResponse, attribute="disclosed", required=True)
    text = fields.Function(lambda each: translate_event(each.sentence), required=True)
    joined_by = Code(("start", *JOIN_KINDS), required=True)
    joined_to = fields.UUID(required=True, allow_none=True)
    match = fields.UUID(attribute="match_id", required=True, allow_none=True)


class GunFindingResponse(Schema):
    """What does not fit of a record: a wrong record, another gun, or a crime."""

    record = fields.UUID(required=True)
    text = fields.Function(lambda each: translate_event(each.text), required=True)


class GunMarkResponse(Schema):
    """Mark of a gun, and the records that read it."""

    kind = Code(codes.MARK_KINDS, required=True)
    text = fields.String(required=True)
    records = fields.List(fields.UUID(), required=True)


class HolderResponse(Schema):
    """State with an undisclosed record of the gun, and its contact."""

    state = StateCode(attribute="match.other_state", required=True)
    record = fields.UUID(attribute="match.record_id", required=True)
    match = fields.UUID(attribute="match.id", required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class GunResponse(Schema):
    """A gun: its records that the caller may see, in order of events.

    `matches` wait for a judgement of the caller's state.
    """

    record = fields.UUID(required=True)
    records = fields.List(fields.Nested(GunRecordResponse), required=True)
    findings = fields.List(fields.Nested(GunFindingResponse), required=True)
    marks = fields.List(fields.Nested(GunMarkResponse), required=True)
    matches = fields.List(fields.Nested(MatchResponse), required=True)
    points_to = fields.List(
        fields.Nested(HolderResponse), attribute="hidden_matches", required=True
    )


class LeadReasonResponse(Schema):
    """Reason of a lead's rank, in points and words."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    points = fields.Float(required=True)


class LeadRecordResponse(Schema):
    """Record of a lead."""

    id = fields.UUID(required=True)
    state = StateCode(required=True)
    event = Code(codes.EVENT_KINDS, required=True)
    occurred_on = EventDay(attribute="on", required=True)
    document = fields.UUID(required=True)
    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    type = fields.String(allow_none=True)


class LeadMatchResponse(Schema):
    """Match of the caller's state that joins two records."""

    id = fields.UUID(attribute="match_id", required=True)
    confirmed = fields.Boolean(attribute="is_confirmed", required=True)


class LeadGunResponse(Schema):
    """Gun of a lead: records in time order and their matches.

    `several_sales`: its serial was sold new more than once. `contradictions`: fields in which the
    records differ.
    """

    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    case_count = fields.Integer(required=True)
    states = fields.List(StateCode(), required=True)
    contradictions = fields.List(fields.String(), required=True)
    records = fields.List(fields.Nested(LeadRecordResponse), required=True)
    matches = fields.List(fields.Nested(LeadMatchResponse), required=True)
    several_sales = fields.Boolean(required=True)

    @pre_dump
    def _present(self, gun: SeizedGun, **_: Any) -> dict[str, Any]:
        matches = [each for each in gun.joins if each.match_id]
        return {
            **{name: gun.newest(name) for name in ("serial", "make", "model")},
            "case_count": gun.case_count,
            "states": gun.states,
            "contradictions": gun.contradictions,
            "records": gun.records,
            "matches": matches,
            "several_sales": gun.is_ambiguous,
        }


class LeadResponse(Schema):
    """Group of related guns; `score` is the sum of its reasons.

    `guns`: last seized ones, ten in a list and 500 in the detail; `gun_count` counts all.
    """

    id = fields.UUID(required=True)
    kind = Code(codes.LEAD_KINDS, required=True)
    score = fields.Float(required=True)
    summary = fields.String(required=True)
    states = fields.List(StateCode(), required=True)
    gun_count = fields.Integer(required=True)
    case_count = fields.Integer(required=True)
    first_seized_on = fields.Date(required=True)
    last_seized_on = fields.Date(required=True)
    reasons = fields.List(fields.Nested(LeadReasonResponse), required=True)
    guns = fields.List(fields.Nested(LeadGunResponse), required=True)

    @pre_dump
    def _present(self, view: LeadView, **_: Any) -> dict[str, Any]:
        lead = view.lead
        first, last = lead.seizure_days
        reasons = [
            {"code": reason.code, "text": translate_event(reason.text), "points": reason.bits}
            for reason in lead.reasons
        ]
        return {
            "id": lead.id,
            "kind": lead.kind,
            "score": lead.score,
            "states": lead.states,
            "summary": translate_event(lead.summary),
            "gun_count": len(lead.guns),
            "case_count": lead.seizure_count,
            "first_seized_on": first,
            "last_seized_on": last,
            "reasons": reasons,
            "guns": view.guns,
        }


class LeadQuery(ListQuery):
    """Filter of leads by kind, seizure date, state and dealer.

    Part of the dealer's name is enough.
    """

    kind = Code(codes.LEAD_KINDS)
    since = Day()
    state = StateCode()
    dealer = Text(most=200)
