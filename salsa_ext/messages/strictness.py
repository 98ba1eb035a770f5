"""The fields of an envelope, checked one by one before anything else looks at them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn
from uuid import UUID

from salsa_ext.errors import EnvelopeRefused

MOMENT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
LARGEST: Final = 2**53 - 1
"""The largest whole number that every reader of JSON keeps as it is (RFC 8785, I-JSON)."""

_STATE = re.compile(r"[A-Z]{3}")
_KIND = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Z]{3}-[0-9]{4}-[0-9A-F]{8}")
_VALUE = re.compile(r"[A-Za-z0-9_-]{86}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def parse_fields(raw: bytes) -> dict[str, Any]:
    """Return the fields of an envelope, each as the format wants it.

    Raises EnvelopeRefused: `malformed` with the field, or `unknown_version`.
    """
    told = _object(raw)
    version = told.get("version")
    if type(version) is int and version != 1:
        raise EnvelopeRefused("unknown_version", field=str(version))
    _require("version", type(version) is int)
    for name in sorted(told.keys() ^ FIELDS.keys()):
        _malformed(name)
    for name, is_right in FIELDS.items():
        _require(name, is_right(told[name]))
    _require_agreement(told)
    return told


def is_kind(value: Any) -> bool:
    """Tell whether a value can be the kind of an envelope, such as `trace.request`."""
    return _text(_KIND)(value) and len(value) <= 60


def is_case_number(value: Any) -> bool:
    """Tell whether a value can be a case number: one line of 1 to 100 characters."""
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable()


def _object(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw.decode(), parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        _malformed("JSON")
    if not isinstance(told, dict):
        _malformed("JSON")
    return told


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is given twice: which one counts, readers do not agree upon."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("twice")
    return told


def _require_agreement(told: Mapping[str, Any]) -> None:
    """Check the fields that say something of each other."""
    _require("recipient", told["recipient"] != told["sender"])
    _require("previous", (told["previous"] is None) == (told["sequence"] == 1))
    _require("request_hash", (told["request_hash"] is None) == (told["in_reply_to"] is None))


def _require(name: str, is_right: bool) -> None:
    if not is_right:
        _malformed(name)


def _malformed(name: str) -> NoReturn:
    raise EnvelopeRefused("malformed", field=name[:60])


def _text(shape: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and shape.fullmatch(value) is not None


def _or_none(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_right(value)


def _is_id(value: Any) -> bool:
    """Tell whether a value is a UUID of version 7, as it is written by everybody."""
    try:
        found = UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return str(found) == value and found.version == 7


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= LARGEST


def _is_moment(value: Any) -> bool:
    if not _text(_MOMENT)(value):
        return False
    try:
        datetime.strptime(value, MOMENT)  # noqa: DTZ007 - looked at, not kept
    except ValueError:
        return False
    return True


def _is_signature(value: Any) -> bool:
    """Tell whether a value is a key's id and 64 bytes in the one base64url that means them."""
    if not isinstance(value, dict) or value.keys() != {"kid", "value"}:
        return False
    if not (_text(_KEY)(value["kid"]) and _text(_VALUE)(value["value"])):
        return False
    written = base64.urlsafe_b64encode(base64.urlsafe_b64decode(value["value"] + "=="))
    return bool(written.rstrip(b"=").decode() == value["value"])


FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "version": _is_count, "id": _is_id, "kind": is_kind, "case_number": is_case_number,
    "sender": _text(_STATE), "recipient": _text(_STATE), "sequence": _is_count,
    "previous": _or_none(_text(_HASH)), "in_reply_to": _or_none(_is_id),
    "request_hash": _or_none(_text(_HASH)), "created_at": _is_moment,
    "body": lambda value: isinstance(value, dict), "signature": _is_signature,
}  # fmt: skip
"""Every field of version 1 and what it has to be; there are no others, and none may be left out."""
