"""Declared fields that the pages of a document do not place by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from salsa_ext.core.fields import Member, members
from salsa_ext.documents.queries import REPORTS, SEIZURES, TRANSFERS, DocumentKind

PLACED: Final[Mapping[str, tuple[DocumentKind, str]]] = {
    "seizure": (
        SEIZURES,
        "occurred_on occurred_at time_zone number kind agency legal_grounds crime_context post"
        " setting concealment transport visibility handling",
    ),
    "report": (
        REPORTS,
        "occurred_on occurred_at time_zone number kind stolen_from visibility handling"
        " confirm_second",
    ),
    "transfer": (
        TRANSFERS,
        "occurred_on occurred_at time_zone number kind licence visibility handling",
    ),
}
"""The kinds of documents, with the fields that their pages place, or leave out on purpose."""


def other_fields(name: str) -> list[Member]:
    """Return the other fields of a document; its form and its page list them."""
    kind, placed = PLACED[name]
    return [
        member
        for member in members(kind.value)
        if member.key not in placed.split() and not (member.is_nested or member.is_many)
    ]
