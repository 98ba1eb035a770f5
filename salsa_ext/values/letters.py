"""What stands in the bodies of the letters between the two sides of a trace, checked field by field.

An asking state sends `trace.request`, `trace.renewed`, `trace.reply`, `trace.withdraw`, `trace.hide`
and `trace.feedback`; the asked state `trace.acknowledge`, `trace.answer`, `trace.no_record`,
`trace.refuse`, `trace.defer`, `trace.ask`, `trace.forward`
and `trace.corrected`. Each names the `leg` that it is about.
A state whose second persons are a partner's sends `approval.ask` and `approval.withdraw`, the partner
`approval.grant` and `approval.decline`; each names the `trace`.
Fields that are not known here are left out: a newer version may send more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.errors import EnvelopeRefused
from salsa_ext.values import codes

Test = Callable[[Any], bool]
Shape = Mapping[str, Test]
MOST_EVENTS: Final = 500
DEFAULTS: Final[Mapping[str, Any]] = {
    "hidden_from": [], "outcome": None, "failure_reason": None,
}  # fmt: skip
"""What a letter of an older version does not say."""
_STATE = re.compile(r"[A-Z]{3}")


def read(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a letter's body; raises EnvelopeRefused for one that is not as it has to be."""
    shape, body = LETTERS[kind], {**DEFAULTS, **body}
    for name, is_right in shape.items():
        if name not in body or not is_right(body[name]):
            raise EnvelopeRefused("malformed", field=f"body.{name}")
    return {name: body[name] for name in shape}


def _text(most: int) -> Test:
    return lambda value: isinstance(value, str) and len(value) <= most


def _code(known: tuple[str, ...]) -> Test:
    return lambda value: isinstance(value, str) and value in known


def _maybe(is_right: Test) -> Test:
    return lambda value: value is None or is_right(value)


def _several(is_right: Test, most: int) -> Test:
    return lambda value: (
        isinstance(value, list) and len(value) <= most and all(map(is_right, value))
    )


def _fields(shape: Shape) -> Test:
    def is_right(value: Any) -> bool:
        return isinstance(value, dict) and all(
            name in value and fits(value[name]) for name, fits in shape.items()
        )

    return is_right


def _parsed(parse: Callable[[str], Any]) -> Test:
    def is_right(value: Any) -> bool:
        try:
            return isinstance(value, str) and str(parse(value)) == value
        except ValueError:
            return False

    return is_right


def _is_state(value: Any) -> bool:
    return isinstance(value, str) and _STATE.fullmatch(value) is not None


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


_is_id, _is_day = _parsed(UUID), _parsed(date.fromisoformat)
_SHORT, _LONG = _text(500), _text(2000)
_MARK: Final[Shape] = {"kind": _code(codes.MARK_KINDS), "text": _text(100)}
_FIREARM: Final[Shape] = {
    "serial": _maybe(_text(100)), "make_text": _maybe(_SHORT), "model": _maybe(_SHORT),
    "calibre_text": _maybe(_SHORT), "type_text": _maybe(_SHORT),
    "country_of_manufacture": _maybe(_is_state), "year": _maybe(_is_whole),
    "marking": _code(codes.MARKINGS), "marks": _several(_fields(_MARK), 200),
}  # fmt: skip
_SIDE: Final[Shape] = {"id": _is_id, "kind": _code(codes.PARTY_KINDS), "country": _is_state}
EVENT: Final[Shape] = {
    "state": _is_state, "record": _is_id, "version": _maybe(_is_whole), "event": _code(codes.EVENTS),
    "occurred_on": _is_day, "document_kind": _maybe(_text(40)),
    "document_number": _maybe(_text(100)), "shipment_status": _maybe(_text(40)),
    "stolen_from": _maybe(_text(40)), "return_due_on": _maybe(_is_day),
    "counterpart_state": _maybe(_is_state), "giver": _maybe(_fields(_SIDE)),
    "receiver": _maybe(_fields(_SIDE)), "serial": _maybe(_text(100)), "make": _maybe(_SHORT),
    "make_text": _maybe(_SHORT), "model": _maybe(_SHORT), "calibre": _maybe(_SHORT),
    "calibre_text": _maybe(_SHORT), "type": _maybe(_SHORT), "linked_record": _maybe(_is_id),
    "handling": _code(codes.HANDLING_CODES), "strength": _maybe(_text(20)), "bits": _is_number,
}  # fmt: skip
"""An event of a chain, as a state tells it of its own records or books."""
_ASKED: Final[Shape] = {
    "leg": _is_id, "trace": _is_id, "firearm": _fields(_FIREARM), "found_on": _is_day,
    "record": _maybe(_is_id), "priority": _code(codes.PRIORITIES),
    "priority_reason": _maybe(_SHORT), "legal_basis": _SHORT,
    "illicit_reason": _code(codes.ILLICIT_REASONS), "circumstances": _LONG,
    "intended_use": _code(codes.INTENDED_USES), "needed_by": _maybe(_is_day),
    "confidentiality_requested": _is_flag,
    "hidden_from": _several(_text(60), 100),
    "likeness": _fields({
        "bits": _is_number, "lawful_bits": _is_number, "serial_bits": _is_number,
    }),
}  # fmt: skip
_LEG: Final = {"leg": _is_id}
LETTERS: Final[Mapping[str, Shape]] = {
    "trace.request": _ASKED,
    "trace.renewed": _ASKED,
    "trace.hide": _LEG | {"hidden_from": _several(_text(60), 100)},
    "trace.reply": _LEG | {"text": _LONG},
    "trace.withdraw": _LEG | {"text": _maybe(_LONG)},
    "trace.feedback": _LEG | {
        "helped": _is_flag, "text": _maybe(_LONG), "outcome": _maybe(_code(codes.TRACE_OUTCOMES)),
    },
    "trace.acknowledge": _LEG | {"text": _maybe(_LONG)},
    "trace.answer": _LEG | {
        "completeness": _code(codes.COMPLETENESS), "restriction_reason": _maybe(_LONG),
        "events": _several(_fields(EVENT), MOST_EVENTS), "points_to": _several(_is_state, 50),
        "handling": _code(codes.HANDLING_CODES), "note": _maybe(_LONG), "is_automatic": _is_flag,
        "failure_reason": _maybe(_code(codes.FAILURE_REASONS_TOLD)),
    },
    "trace.no_record": _LEG | {
        "text": _maybe(_LONG), "is_automatic": _is_flag,
        "failure_reason": _maybe(_code(codes.FAILURE_REASONS_TOLD)),
    },
    "trace.refuse": _LEG | {"reason": _code(codes.REFUSAL_REASONS), "text": _LONG},
    "trace.defer": _LEG | {"until": _is_day, "reason": _LONG},
    "trace.ask": _LEG | {"questions": _several(_LONG, 50)},
    "trace.corrected": _LEG | {
        "events": _several(_fields(EVENT), MOST_EVENTS), "gone": _several(_is_id, MOST_EVENTS),
    },
    "trace.forward": _LEG | {"state": _is_state, "reason": _LONG},
    "approval.ask": {
        "trace": _is_id, "type": _maybe(_SHORT), "priority": _code(codes.PRIORITIES),
        "priority_reason": _maybe(_SHORT), "legal_basis": _SHORT,
        "illicit_reason": _code(codes.ILLICIT_REASONS), "intended_use": _code(codes.INTENDED_USES),
        "needed_by": _maybe(_is_day), "confidentiality_requested": _is_flag,
        "hidden_from": _several(_text(60), 100),
    },
    "approval.withdraw": {"trace": _is_id},
    "approval.grant": {"trace": _is_id, "text": _maybe(_LONG)},
    "approval.decline": {"trace": _is_id, "text": _LONG},
}  # fmt: skip
