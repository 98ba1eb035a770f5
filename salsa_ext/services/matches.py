"""What a document that was just recorded matches, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from salsa_ext.errors import Invalid
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.search import search
from salsa_ext.services.checks import tell_owners, visible
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Mark
from salsa_ext.values.inquiries import Query

MOST = 10


@dataclass(frozen=True)
class ItemMatches:
    """One item, and the records that may be of the same gun."""

    line: int
    candidates: Sequence[Candidate]


@dataclass(frozen=True)
class Matched:
    """A document that was just recorded, with what its items match."""

    view: DocumentView
    matches: Sequence[ItemMatches]

    @property
    def version(self) -> int:
        """Return the version of the document."""
        return self.view.version


def find(
    *, actor: Actor, document_id: UUID, items: Sequence[RecordView],
    permission: Permission = Permission.SEIZURE_RECORD,
) -> list[ItemMatches]:  # fmt: skip
    """Return for each item what it matches; owners of what was hit are told.

    `permission` is that of the command which wrote the items.
    """
    require(actor, permission)
    own = {item.record.id for item in items}
    found = []
    for item in items:
        candidates = [hit for hit in _search(actor, item) if hit.held.record_id not in own]
        # A silent seizure tells nobody: the word of a match would say that it exists.
        if item.setting is None or item.setting.visibility != "silent":
            tell_owners(actor, "seizure", document_id, candidates)
        found.append(ItemMatches(item.record.line, visible(candidates)[:MOST]))
    return found


def _search(actor: Actor, item: RecordView) -> list[Candidate]:
    record = item.record
    try:
        return search(Query(
            serial=record.serial or "", make=record.make_text, model=record.model,
            calibre=record.calibre_text, type=record.type_text,
            country=record.country_of_manufacture, year=record.year,
            marks=tuple(Mark(mark.kind, mark.text) for mark in item.marks), marking=record.marking,
        ), actor)  # fmt: skip
    except Invalid:  # a gun that cannot be searched is still worth recording
        return []
