"""What stands in the bodies of the letters between the two sides of a trace, checked field by field.

An asking state sends `trace.request`, `trace.renewed`, `trace.reply`, `trace.withdraw`, `trace.hide`
and `trace.feedback`; the asked state `trace.acknowledge`, `trace.answer`, `trace.no_record`,
`trace.refuse`, `trace.defer`, `trace.ask`, `trace.forward`
and `trace.corrected`. Each names the `leg` that it is about.
Fields that are not known here are left out, at every depth: a newer version may send more. What is
missing of an object within a body is null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from salsa_ext.errors import EnvelopeRefused
from salsa_ext.values import codes
from salsa_ext.values.shapes import (
    Fields,
    Maybe,
    Several,
    Shape,
    code,
    cut,
    is_amount,
    is_day,
    is_flag,
    is_id,
    is_number,
    is_state,
    is_whole,
    text,
)

MOST_EVENTS: Final = 500
DEFAULTS: Final[Mapping[str, Any]] = {
    "hidden_from": [], "outcome": None, "failure_reason": None, "office": None,
}  # fmt: skip
"""What a letter of an older version does not say."""


def read(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a letter's body; raises EnvelopeRefused for one that is not as it has to be."""
    shape, body = LETTERS[kind], {**DEFAULTS, **body}
    for name, is_right in shape.items():
        if name not in body or not is_right(body[name]):
            raise EnvelopeRefused("malformed", field=f"body.{name}")
    return {name: cut(is_right, body[name]) for name, is_right in shape.items()}


_SHORT, _LONG = text(500), text(2000)
_MARK: Final[Shape] = {
    "kind": code(codes.MARK_KINDS), "text": text(100), "state": Maybe(is_state),
    "year": Maybe(is_whole), "location": Maybe(_SHORT),
    "condition": Maybe(code(codes.MARKINGS)), "method": Maybe(code(codes.MARK_METHODS)),
}  # fmt: skip
_FIREARM: Final[Shape] = {
    "line": is_whole, "category": code(codes.CATEGORIES), "type": Maybe(_SHORT),
    "type_text": Maybe(_SHORT), "make": Maybe(_SHORT), "make_text": Maybe(_SHORT),
    "model": Maybe(_SHORT), "calibre": Maybe(_SHORT), "calibre_text": Maybe(_SHORT),
    "country_of_manufacture": Maybe(is_state), "year": Maybe(is_whole),
    "origin_kind": code(codes.ORIGIN_KINDS), "serial": Maybe(text(100)),
    "importer_mark": Maybe(_SHORT), "part_kind": Maybe(_SHORT), "quantity": is_amount,
    "unit": Maybe(_SHORT), "lot": Maybe(_SHORT), "headstamp": Maybe(_SHORT),
    "hs_code": Maybe(_SHORT), "antique": is_flag,
    "marking": code(codes.MARKINGS), "marks": Several(Fields(_MARK), 200),
}  # fmt: skip
_SIDE: Final[Shape] = {"id": is_id, "kind": code(codes.PARTY_KINDS), "country": is_state}
EVENT: Final[Shape] = {
    "state": is_state, "record": is_id, "version": Maybe(is_whole), "event": code(codes.EVENTS),
    "occurred_on": is_day, "document_kind": Maybe(text(40)),
    "document_number": Maybe(text(100)), "shipment_status": Maybe(text(40)),
    "stolen_from": Maybe(text(40)), "return_due_on": Maybe(is_day),
    "counterpart_state": Maybe(is_state), "giver": Maybe(Fields(_SIDE)),
    "receiver": Maybe(Fields(_SIDE)), "serial": Maybe(text(100)), "make": Maybe(_SHORT),
    "make_text": Maybe(_SHORT), "model": Maybe(_SHORT), "calibre": Maybe(_SHORT),
    "calibre_text": Maybe(_SHORT), "type": Maybe(_SHORT),
    "country_of_manufacture": Maybe(is_state), "year": Maybe(is_whole), "linked_record": Maybe(is_id),
    "handling": code(codes.HANDLING_CODES), "strength": Maybe(text(20)), "bits": is_number,
}  # fmt: skip
"""An event of a chain, as a state tells it of its own records or books."""
_OFFICE: Final = Maybe(Fields({
    "agency": _SHORT, "telephone": Maybe(_SHORT), "email": Maybe(_SHORT),
}))  # fmt: skip
"""Whom an asked state may call."""
_ASKED: Final[Shape] = {
    "leg": is_id, "trace": is_id, "firearm": Fields(_FIREARM), "found_on": is_day,
    "record": Maybe(is_id), "priority": code(codes.PRIORITIES),
    "priority_reason": Maybe(_SHORT), "legal_basis": _SHORT,
    "illicit_reason": code(codes.ILLICIT_REASONS), "circumstances": _LONG,
    "intended_use": code(codes.INTENDED_USES), "needed_by": Maybe(is_day),
    "confidentiality_requested": is_flag,
    "hidden_from": Several(text(60), 100),
    "office": _OFFICE,
    "likeness": Fields({
        "bits": is_number, "lawful_bits": is_number, "serial_bits": is_number,
    }),
}  # fmt: skip
_LEG: Final = {"leg": is_id}
LETTERS: Final[Mapping[str, Shape]] = {
    "trace.request": _ASKED,
    "trace.renewed": _ASKED,
    "trace.hide": _LEG | {"hidden_from": Several(text(60), 100), "office": _OFFICE},
    "trace.reply": _LEG | {"text": _LONG},
    "trace.withdraw": _LEG | {"text": Maybe(_LONG)},
    "trace.feedback": _LEG | {
        "helped": is_flag, "text": Maybe(_LONG), "outcome": Maybe(code(codes.TRACE_OUTCOMES)),
    },
    "trace.acknowledge": _LEG | {"text": Maybe(_LONG)},
    "trace.answer": _LEG | {
        "completeness": code(codes.COMPLETENESS), "restriction_reason": Maybe(_LONG),
        "events": Several(Fields(EVENT), MOST_EVENTS), "points_to": Several(is_state, 50),
        "handling": code(codes.HANDLING_CODES), "note": Maybe(_LONG), "is_automatic": is_flag,
        "failure_reason": Maybe(code(codes.FAILURE_REASONS_TOLD)),
    },
    "trace.no_record": _LEG | {
        "text": Maybe(_LONG), "is_automatic": is_flag,
        "failure_reason": Maybe(code(codes.FAILURE_REASONS_TOLD)),
    },
    "trace.refuse": _LEG | {"reason": code(codes.REFUSAL_REASONS), "text": _LONG},
    "trace.defer": _LEG | {"until": is_day, "reason": _LONG},
    "trace.ask": _LEG | {"questions": Several(_LONG, 50)},
    "trace.forward": _LEG | {"state": is_state, "reason": _LONG},
    "trace.corrected": _LEG | {
        "events": Several(Fields(EVENT), MOST_EVENTS), "gone": Several(is_id, MOST_EVENTS),
    },
}  # fmt: skip
