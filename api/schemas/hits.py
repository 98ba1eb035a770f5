"""Hits over HTTP."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.checks import ContactResponse
from api.schemas.common import (
    FirearmResponse,
    ItemResponse,
    PlaceResponse,
    SharedResponse,
    columns,
    how_shared,
    items,
)
from api.schemas.fields import Code, Id, Moment, RequestSchema, StateCode, Text, Whole
from salsa_ext.readmodels.hits import HitSide, HitView
from salsa_ext.values import codes
from salsa_ext.values.alerts import Answering


class HitConfirmRequest(RequestSchema):
    """Yes: the alert still stands, and it is that very gun."""

    value = Answering
    note = Text(most=500)


class HitDenyRequest(RequestSchema):
    """No, and why: it is another gun, or the alert is no longer true."""

    value = Answering
    note = Text(most=500, required=True)


class HitExtendRequest(RequestSchema):
    """How many more hours the answer needs, from now, and why."""

    value = Answering
    hours = Whole(least=1, most=72, required=True)
    note = Text(most=500, required=True)


class AlertEndedResponse(Schema):
    """How the alert of a hit ended: `cancelled` by its state or `expired`, and when."""

    status = fields.String(required=True)
    ended_at = fields.DateTime(required=True)


class CauseChangedResponse(Schema):
    """What became of the record that met an alert, and when.

    It was `corrected` and still meets it; `corrected_away`, and meets it no longer; or `withdrawn`.
    """

    status = fields.String(required=True)
    changed_at = fields.DateTime(required=True)


ASKED = {"record": None, "version": None, "event": None, "occurred_on": None, "document_kind": None,
         "marks": ()}  # fmt: skip
"""What a check does not say of a gun."""


class HitSideResponse(FirearmResponse, SharedResponse):
    """One of the two guns of a hit, as its record tells it now; of another state's what may be read.

    `version` is that of the record which is shown; `corrected` says that it tells otherwise by now than
    the one that met the alert, `withdrawn` that what it tells did not happen.
    """

    record = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    withdrawn = fields.Boolean(required=True)
    corrected = fields.Boolean(required=True)
    document_kind = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    event = fields.String(required=True, allow_none=True)
    occurred_on = fields.Date(required=True, allow_none=True)
    place = fields.Nested(PlaceResponse, allow_none=True)

    @pre_dump
    def _present(self, side: HitSide, **_: Any) -> dict[str, Any]:
        [said] = items([side.view]) if side.view else [ASKED | (side.asked or {})]
        is_told = side.sharing.may("event")
        return said | how_shared(side.sharing, side.held) | {
            "place": side.place, "event": said["event"] if is_told else None,
            "document_kind": said["document_kind"] if is_told else None,
            "withdrawn": side.is_withdrawn, "corrected": side.is_corrected,
            "occurred_on": said["occurred_on"] if is_told else None,
        }  # fmt: skip


class HitResponse(Schema):
    """An alert was met by a check or a record; both states have it by the same id.

    `possible` says that the gun may be another one: compare it first. `read_as` is the serial by
    which the alert was met. `reason`, `reason_text`, `case_number` and `firearm` are those of the
    alert, for its own state alone; by `alert_record` who met it reads of the gun, for a purpose and a
    case, as long as the alert stands. `told` says whether those who met it know of it, and read the
    answer. Of an alert that has ended, `alert_ended` says how and when: nobody holds or seizes the gun
    for it any more, confirmed or not. Nor does he where `cause_changed` says that the record which
    met it was withdrawn, or meets it no longer: a hit that waited has `ended` then. `contact` is whom
    to call in the other state, null where those who met it know nothing of it. The answer is due from
    the alert's state; until it is `confirmed` nobody acts on the hit alone.

    Where one hit is read, `sought` is the gun of the alert and `met` the one that was met, each as its
    record tells it, to be compared. The other state's is given to the alert's state in the case of the
    alert, else for a purpose and a case, and its owner reads that it was. One that is not
    given is left out. Of what was met in a check it is what was asked, and there is no record.
    """

    never_listed: ClassVar[frozenset[str]] = frozenset(("sought", "met"))

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True)
    alert = fields.UUID(attribute="alert_id", required=True)
    alert_record = fields.UUID(allow_none=True)
    alert_ended = fields.Nested(AlertEndedResponse, attribute="ended", allow_none=True)
    cause_changed = fields.Nested(CauseChangedResponse, allow_none=True)
    alert_state = fields.String(required=True)
    reason = fields.String(allow_none=True)
    reason_text = fields.String(allow_none=True)
    case_number = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    read_as = fields.String(allow_none=True)
    told = fields.Boolean(required=True)
    asking_state = fields.String(required=True)
    agency = fields.String(allow_none=True)
    action = fields.String(required=True)
    priority = fields.String(required=True)
    cause = fields.String(attribute="cause_kind", required=True)
    cause_id = fields.UUID(allow_none=True)
    strength = fields.String(required=True)
    possible = fields.Boolean(required=True)
    score = fields.Float(required=True)
    met_at = fields.DateTime(required=True)
    made_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True)
    reminded_at = fields.DateTime(allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    answered_by = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    changed_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    sought = fields.Nested(HitSideResponse)
    met = fields.Nested(HitSideResponse)

    @pre_dump
    def _present(self, view: HitView, **_: Any) -> dict[str, Any]:
        alert, gun = (view.alert.alert, view.alert.gun) if view.alert else (None, None)
        said = {
            name: getattr(alert, name, None) for name in ("reason", "reason_text", "case_number")
        }
        return columns(view.hit) | said | {
            "firearm": items([gun])[0] if gun else None, "told": view.is_told,
            "alert_record": view.alert_record, "ended": view.ended,
            "cause_changed": view.cause_changed,
            "possible": view.hit.strength != "strong",
            "contact": view.contact, "answered_by": view.answered_by,
            "answered_at": None if view.hit.status in ("expired", "ended") else view.hit.answered_at,
        } | {name: side for name, side in (("sought", view.sought), ("met", view.met)) if side}  # fmt: skip


class HitQuery(ListQuery):
    """Which hits: on your state's alerts, and where your state met those of others."""

    status = Code(codes.HIT_STATUSES)
    action = Code(codes.ALERT_ACTIONS)
    strength = Code(codes.MATCH_STRENGTHS)
    alert_id = Id(data_key="alert")
    alert_state = StateCode()
    asking_state = StateCode()
    due_before = Moment()
