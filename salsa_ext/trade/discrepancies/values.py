"""Values of discrepancies: irregularities found, and statements of states."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

UNRESOLVED_STATUSES: Final = ("open", "explained", "reopened")
QUANTITY_KINDS: Final = (
    "short_receipt",
    "over_receipt",
    "quantity_mismatch",
    "over_quantity",
    "missing_counterpart",
    "overdue",
)
"""Kinds that may be behind a difference between the figures of two states."""
PARTY_NOT_AUTHORISED: Final = "party_not_authorised"
"""Kind of a discrepancy about a party of a permit without a valid licence."""


@dataclass(frozen=True)
class Irregularity:
    """An irregularity that the facts show; recorded as a discrepancy.

    `kind` is the discrepancy's. `key` is a field, line, stage or state code; empty where a document
    has one of the kind at most. `data` holds each side's values (codes, numbers, dates, serials),
    never personal data. The same key with other data is a new fact.
    """

    kind: str
    key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def discrepancy_status(
    is_resolved: bool, was_reopened: bool, stances: Collection[str | None]
) -> str:
    """Return the status that the facts and the stances of all states imply.

    Facts resolve it, whatever the statements are. Otherwise it is agreed if all agree, and explained
    if one has answered. Without an answer it is open, or reopened if it ever had one (`stances` hold
    `open` for a withdrawn one, None for none) or came back.
    """
    if is_resolved:
        return "resolved"
    if stances and all(stance == "agreed" for stance in stances):
        return "agreed"
    if any(stance in ("explained", "agreed") for stance in stances):
        return "explained"
    return "reopened" if was_reopened or any(stances) else "open"


@dataclass(frozen=True)
class StatementData:
    """A state's explanation, or its reason for reopening."""

    text: str | None = None
