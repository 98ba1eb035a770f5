"""Schemas of alerts and hits."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import Code, Day, EventDay, Flag, Id, Moment, StateCode, Text, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema, repeats
from api.http.pagination import ListQuery, listing_fields
from api.schemas.common import (
    FirearmRequest,
    FirearmResponse,
    ItemResponse,
    PlaceResponse,
    SharedResponse,
    present_items,
    present_sharing,
    row_fields,
)
from api.schemas.reference import ContactResponse
from salsa_ext.alerts.queries import ALERTS, HITS, AlertView, HitGun, HitView
from salsa_ext.alerts.values import AlertData, HitAnswerData
from salsa_ext.core import codes


class AlertRequest(RequestSchema):
    """New alert on a `firearm` or on an own `record`.

    `visible_to`: states that see it, by default all. An alert to let pass is visible to no other
    state. A second alert on one serial and case needs `confirm_second`.
    """

    value = AlertData
    action = Code(codes.ALERT_ACTIONS, required=True)
    priority = Code(codes.HIT_PRIORITIES, load_default="routine")
    reason = Code(codes.ALERT_REASONS, required=True)
    reason_text = Text(most=500)
    case_number = Text(most=100, required=True)
    expires_on = Day(required=True)
    firearm = Nested(FirearmRequest)
    record = Id()
    visible_to = Items(StateCode(), most=50, least=1)
    confirm_second = Flag()


class AlertCancelRequest(RequestSchema):
    """Reason to cancel an alert."""

    reason = Text(most=500, required=True)


@repeats(AlertRequest, "record")
class AlertResponse(Schema):
    """Alert of your state; `compared` once all records were searched.

    `source_withdrawn`: its record was withdrawn, so the alert has to be cancelled.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    status = Code(codes.ALERT_STATUSES, required=True)
    record = fields.UUID(attribute="source_record_id", allow_none=True)
    source_withdrawn = fields.Boolean(attribute="is_source_withdrawn", required=True)
    firearm = fields.Nested(ItemResponse, required=True)
    second_check = Code(codes.SECOND_CHECK_STATUSES, required=True)
    compared = fields.Boolean(attribute="is_compared", required=True)
    entered_at = fields.DateTime(required=True)
    entered_by = fields.String(allow_none=True)
    verified_at = fields.DateTime(allow_none=True)
    verified_by = fields.String(allow_none=True)
    validate_on = fields.Date(required=True)
    ended_at = fields.DateTime(allow_none=True)
    end_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: AlertView, **_: Any) -> dict[str, Any]:
        names = ("is_compared", "is_source_withdrawn", "entered_by", "verified_by")
        return (
            row_fields(view.alert)
            | {name: getattr(view, name) for name in names}
            | {"firearm": present_items([view.gun])[0]}
        )


class AlertQuery(ListQuery):
    """Filter of alerts."""

    from_day, to_day, sort = listing_fields(ALERTS)
    status = Code(codes.ALERT_STATUSES)
    action = Code(codes.ALERT_ACTIONS)
    reason = Code(codes.ALERT_REASONS)
    case_number = Text(most=100)
    second_check = Code(codes.SECOND_CHECK_STATUSES)


class HitConfirmRequest(RequestSchema):
    """Confirmation of a hit: alert valid, same gun."""

    value = HitAnswerData
    note = Text(most=500)


class HitRejectRequest(RequestSchema):
    """Rejection of a hit, with the reason."""

    value = HitAnswerData
    note = Text(most=500, required=True)


class HitExtendRequest(RequestSchema):
    """More hours for the answer, from now, with the reason."""

    value = HitAnswerData
    hours = Whole(least=1, most=72, required=True)
    note = Text(most=500, required=True)


class AlertEndedResponse(Schema):
    """End of the alert of a hit: `cancelled` or `expired`, and when."""

    status = Code(codes.ALERT_STATUSES[1:], required=True)
    ended_at = fields.DateTime(required=True)


class CauseChangedResponse(Schema):
    """Change of the record that caused a hit, and when.

    `corrected`: it still matches the alert; `corrected_away`: no longer; `withdrawn`.
    """

    status = Code(codes.CAUSE_STATUSES[1:], required=True)
    changed_at = fields.DateTime(required=True)


CAUSE_KINDS = (*codes.DOCUMENT_KINDS[:-1], "check")
CHECK_DEFAULTS: Mapping[str, Any] = {
    "record": None,
    "version": None,
    "event": None,
    "occurred_on": None,
    "document_kind": None,
    "marks": (),
}
"""Fields of a gun that a check has not."""


class HitGunResponse(FirearmResponse, SharedResponse):
    """One of the two guns of a hit, as far as readable.

    `version` of the shown record; `corrected`: it changed since the hit; `withdrawn`: it was
    withdrawn.
    """

    record = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    withdrawn = fields.Boolean(required=True)
    corrected = fields.Boolean(required=True)
    document_kind = Code(codes.DOCUMENT_KINDS, required=True, allow_none=True)
    state = StateCode(required=True)
    event = Code((*codes.EVENT_KINDS, "alert"), required=True, allow_none=True)
    occurred_on = EventDay(required=True, allow_none=True)
    place = fields.Nested(PlaceResponse, allow_none=True)

    @pre_dump
    def _present(self, gun: HitGun, **_: Any) -> dict[str, Any]:
        firearm = dict(CHECK_DEFAULTS) | dict(gun.query or {})
        if gun.view:
            firearm = present_items([gun.view])[0]
        shows_event = gun.sharing.may("event")
        return (
            firearm
            | present_sharing(gun.sharing, gun.present_groups)
            | {
                "place": gun.place,
                "event": firearm["event"] if shows_event else None,
                "document_kind": firearm["document_kind"] if shows_event else None,
                "withdrawn": gun.is_withdrawn,
                "corrected": gun.is_corrected,
                "occurred_on": firearm["occurred_on"] if shows_event else None,
            }
        )


class HitResponse(Schema):
    """Hit on an alert, shared by both states under one id.

    `possible`: may be another gun. `read_as`: the serial that matched. `reason`, `reason_text`,
    `case_number`, `firearm`: of the alert, for its own state only; the other state reads
    `alert_record` for a purpose and a case while the alert is valid. `notified`: the other side
    knows of the hit. `alert_ended`, `cause_changed`: the hit is no ground to hold or seize the gun.
    `contact` of the other state, null if it does not know of the hit. A hit alone is no ground for
    action until `confirmed`.

    In the detail, `alert_gun` is the gun of the alert and `found_gun` the gun found. The other state's gun
    needs the case of the alert or a purpose and a case; its owner sees the disclosure. A gun from a
    check is the query and has no record.
    """

    never_listed: ClassVar[frozenset[str]] = frozenset(("alert_gun", "found_gun"))

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = Code(codes.HIT_STATUSES, required=True)
    alert = fields.UUID(attribute="alert_id", required=True)
    alert_record = fields.UUID(allow_none=True)
    alert_ended = fields.Nested(AlertEndedResponse, attribute="ended", allow_none=True)
    cause_changed = fields.Nested(CauseChangedResponse, allow_none=True)
    alert_state = StateCode(required=True)
    reason = Code(codes.ALERT_REASONS, allow_none=True)
    reason_text = fields.String(allow_none=True)
    case_number = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    read_as = fields.String(attribute="serial_read", allow_none=True)
    notified = fields.Boolean(required=True)
    asking_state = StateCode(attribute="finding_state", required=True)
    agency = fields.String(allow_none=True)
    action = Code(codes.ALERT_ACTIONS, required=True)
    priority = Code(codes.HIT_PRIORITIES, required=True)
    cause = Code(CAUSE_KINDS, attribute="cause_kind", required=True)
    cause_id = fields.UUID(allow_none=True)
    strength = Code(codes.MATCH_STRENGTHS, required=True)
    possible = fields.Boolean(required=True)
    score = fields.Float(required=True)
    matched_at = fields.DateTime(attribute="found_at", required=True)
    created_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True)
    reminded_at = fields.DateTime(allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    answered_by = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    changed_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    alert_gun = fields.Nested(HitGunResponse)
    found_gun = fields.Nested(HitGunResponse)

    @pre_dump
    def _present(self, view: HitView, **_: Any) -> dict[str, Any]:
        alert, gun = (view.alert.alert, view.alert.gun) if view.alert else (None, None)
        of_alert = ("reason", "reason_text", "case_number")
        of_view = ("alert_record", "ended", "cause_changed", "contact", "answered_by")
        is_unanswered = view.hit.status in ("expired", "ended")
        fields = (
            row_fields(view.hit)
            | {name: getattr(alert, name, None) for name in of_alert}
            | {name: getattr(view, name) for name in of_view}
            | {
                "firearm": present_items([gun])[0] if gun else None,
                "notified": view.is_shown_to_finder,
                "possible": view.hit.strength != "strong",
                "answered_at": None if is_unanswered else view.hit.answered_at,
            }
        )
        guns = {"alert_gun": view.alert_gun, "found_gun": view.found_gun}
        return fields | {name: gun for name, gun in guns.items() if gun}


class HitQuery(ListQuery):
    """Filter of hits, on own alerts and on other states' alerts."""

    from_day, to_day, sort = listing_fields(HITS)
    status = Code(codes.HIT_STATUSES)
    action = Code(codes.ALERT_ACTIONS)
    strength = Code(codes.MATCH_STRENGTHS)
    alert_id = Id(data_key="alert")
    alert_state = StateCode()
    asking_state = StateCode()
    due_before = Moment()
