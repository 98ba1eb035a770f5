"""Bodies of the messages of traces, checked by field.

An asking state sends `trace.request`, `trace.renewed`, `trace.reply`, `trace.withdraw`,
`trace.hide` and `trace.feedback`; the asked state `trace.acknowledge`, `trace.answer`,
`trace.no_record`, `trace.refuse`, `trace.defer`, `trace.ask`, `trace.forward` and
`trace.corrected`. Each names its `leg`. Unknown fields are dropped at every depth: a newer version
may send more. Missing fields of a nested object are null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from salsa_ext.core import codes
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.core.validators import (
    ListOf,
    Nullable,
    ObjectOf,
    Shape,
    is_boolean,
    is_date,
    is_decimal,
    is_integer,
    is_number,
    is_state_code,
    is_uuid,
    one_of,
    prune,
    text_up_to,
)

MAX_EVENTS: Final = 500
DEFAULTS: Final[Mapping[str, Any]] = {
    "hidden_from": [],
    "outcome": None,
    "failure_reason": None,
    "office": None,
}
"""Values of fields that older versions do not send."""


def read_body(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields of a body; raises EnvelopeRefused."""
    shape, body = BODIES[kind], {**DEFAULTS, **body}
    for name, is_right in shape.items():
        if name not in body or not is_right(body[name]):
            raise EnvelopeRefused("malformed", field=f"body.{name}")
    return {name: prune(is_right, body[name]) for name, is_right in shape.items()}


_SHORT, _LONG = text_up_to(500), text_up_to(2000)
_MARK: Final[Shape] = {
    "kind": one_of(codes.MARK_KINDS),
    "text": text_up_to(100),
    "state": Nullable(is_state_code),
    "year": Nullable(is_integer),
    "location": Nullable(_SHORT),
    "condition": Nullable(one_of(codes.MARK_CONDITIONS)),
    "method": Nullable(one_of(codes.MARK_METHODS)),
}
_FIREARM: Final[Shape] = {
    "line": is_integer,
    "category": one_of(codes.CATEGORIES),
    "type": Nullable(_SHORT),
    "type_text": Nullable(_SHORT),
    "make": Nullable(_SHORT),
    "make_text": Nullable(_SHORT),
    "model": Nullable(_SHORT),
    "calibre": Nullable(_SHORT),
    "calibre_text": Nullable(_SHORT),
    "country_of_manufacture": Nullable(is_state_code),
    "year": Nullable(is_integer),
    "origin_kind": one_of(codes.ORIGIN_KINDS),
    "serial": Nullable(text_up_to(100)),
    "importer_mark": Nullable(_SHORT),
    "part_kind": Nullable(_SHORT),
    "quantity": is_decimal,
    "unit": Nullable(_SHORT),
    "lot": Nullable(_SHORT),
    "headstamp": Nullable(_SHORT),
    "hs_code": Nullable(_SHORT),
    "antique": is_boolean,
    "marking": one_of(codes.MARK_CONDITIONS),
    "marks": ListOf(ObjectOf(_MARK), 200),
}
_PARTY: Final[Shape] = {"id": is_uuid, "kind": one_of(codes.PARTY_KINDS), "country": is_state_code}
EVENT_SHAPE: Final[Shape] = {
    "state": is_state_code,
    "record": is_uuid,
    "version": Nullable(is_integer),
    "event": one_of(codes.EVENT_KINDS),
    "occurred_on": is_date,
    "document_kind": Nullable(text_up_to(40)),
    "document_number": Nullable(text_up_to(100)),
    "shipment_status": Nullable(text_up_to(40)),
    "stolen_from": Nullable(text_up_to(40)),
    "return_due_on": Nullable(is_date),
    "counterpart_state": Nullable(is_state_code),
    "giver": Nullable(ObjectOf(_PARTY)),
    "receiver": Nullable(ObjectOf(_PARTY)),
    "serial": Nullable(text_up_to(100)),
    "make": Nullable(_SHORT),
    "make_text": Nullable(_SHORT),
    "model": Nullable(_SHORT),
    "calibre": Nullable(_SHORT),
    "calibre_text": Nullable(_SHORT),
    "type": Nullable(_SHORT),
    "country_of_manufacture": Nullable(is_state_code),
    "year": Nullable(is_integer),
    "linked_record": Nullable(is_uuid),
    "handling": one_of(codes.HANDLING_CODES),
    "strength": Nullable(text_up_to(20)),
    "bits": is_number,
}
"""An event of a chain, from a state's own records or registers."""
_OFFICE: Final = Nullable(
    ObjectOf({"agency": _SHORT, "telephone": Nullable(_SHORT), "email": Nullable(_SHORT)})
)
"""The contact of the asking agency."""
_REQUEST: Final[Shape] = {
    "leg": is_uuid,
    "trace": is_uuid,
    "firearm": ObjectOf(_FIREARM),
    "found_on": is_date,
    "record": Nullable(is_uuid),
    "priority": one_of(codes.PRIORITIES),
    "priority_reason": Nullable(_SHORT),
    "legal_basis": _SHORT,
    "illicit_reason": one_of(codes.ILLICIT_REASONS),
    "circumstances": _LONG,
    "intended_use": one_of(codes.INTENDED_USES),
    "needed_by": Nullable(is_date),
    "confidentiality_requested": is_boolean,
    "hidden_from": ListOf(text_up_to(60), 100),
    "office": _OFFICE,
    "likeness": ObjectOf({"bits": is_number, "lawful_bits": is_number, "serial_bits": is_number}),
}
_LEG: Final = {"leg": is_uuid}
BODIES: Final[Mapping[str, Shape]] = {
    "trace.request": _REQUEST,
    "trace.renewed": _REQUEST,
    "trace.hide": _LEG | {"hidden_from": ListOf(text_up_to(60), 100), "office": _OFFICE},
    "trace.reply": _LEG | {"text": _LONG},
    "trace.withdraw": _LEG | {"text": Nullable(_LONG)},
    "trace.feedback": _LEG
    | {
        "helped": is_boolean,
        "text": Nullable(_LONG),
        "outcome": Nullable(one_of(codes.TRACE_OUTCOMES)),
    },
    "trace.acknowledge": _LEG | {"text": Nullable(_LONG)},
    "trace.answer": _LEG
    | {
        "completeness": one_of(codes.ANSWER_COMPLETENESS),
        "restriction_reason": Nullable(_LONG),
        "events": ListOf(ObjectOf(EVENT_SHAPE), MAX_EVENTS),
        "points_to": ListOf(is_state_code, 50),
        "handling": one_of(codes.HANDLING_CODES),
        "note": Nullable(_LONG),
        "is_automatic": is_boolean,
        "failure_reason": Nullable(one_of(codes.ANSWER_FAILURE_REASONS)),
    },
    "trace.no_record": _LEG
    | {
        "text": Nullable(_LONG),
        "is_automatic": is_boolean,
        "failure_reason": Nullable(one_of(codes.ANSWER_FAILURE_REASONS)),
    },
    "trace.refuse": _LEG | {"reason": one_of(codes.REFUSAL_REASONS), "text": _LONG},
    "trace.defer": _LEG | {"until": is_date, "reason": _LONG},
    "trace.ask": _LEG | {"questions": ListOf(_LONG, 50)},
    "trace.forward": _LEG | {"state": is_state_code, "reason": _LONG},
    "trace.corrected": _LEG
    | {"events": ListOf(ObjectOf(EVENT_SHAPE), MAX_EVENTS), "gone": ListOf(is_uuid, MAX_EVENTS)},
}
