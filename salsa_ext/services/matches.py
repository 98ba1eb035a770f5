"""What a document that was just recorded matches: found, told and proposed in the same request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from salsa_ext.errors import Invalid
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.records import RecordView, of_documents, with_other_marks
from salsa_ext.readmodels.search import search
from salsa_ext.readmodels.sides import query_of, visibility_of
from salsa_ext.services import match_waits, proposals
from salsa_ext.services.checks import tell_owners, visible
from salsa_ext.services.proposals import Look
from salsa_ext.values.actor import Actor

MOST: Final = 10
AT_ONCE: Final = 200
"""Guns of one document that are matched while the caller waits; those of longer ones by the worker."""


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


def find(*, actor: Actor, document_id: UUID, items: Sequence[RecordView]) -> list[ItemMatches]:
    """Return for each item of a seizure what it matches, and propose what is strong enough.

    Owners of what was hit are told. What others keep silent is proposed by the worker's look.
    """
    require(actor, Permission.SEIZURE_RECORD)
    own = {item.record.id for item in items}
    found = []
    for item in items:
        candidates = [hit for hit in searched(actor, item) if hit.held.record_id not in own]
        # A silent seizure tells nobody: the word of a match would say that it exists.
        if visibility_of(item) != "silent":
            tell_owners(actor, "seizure", document_id, candidates)
        found.append((item, visible(candidates)))
    _propose(actor, [(item, _standing(actor, item, hits, own)) for item, hits in found])
    return [ItemMatches(item.record.line, hits[:MOST]) for item, hits in found]


def _standing(
    actor: Actor, item: RecordView, hits: Sequence[Candidate], own: set[UUID]
) -> list[Candidate]:
    """Return the candidates whose mark was not corrected away; a correction looks for them anew."""
    if item.record.version > 1:
        hits = searched(actor, item, silent=False, stands=True)
    return [hit for hit in hits if not hit.held.is_superseded and hit.held.record_id not in own]


def of_document(actor: Actor, document_id: UUID) -> None:
    """Propose what the records of a document match, for the command that just wrote it.

    Raises nothing for a gun that cannot be searched: it is worth recording all the same.
    """
    items = of_documents([document_id])[document_id]
    own = {item.record.id for item in items}
    _propose(actor, [
        (item, [hit for hit in searched(actor, item, silent=False, stands=True)
                if hit.held.record_id not in own])
        for item in items
    ])  # fmt: skip


def _propose(actor: Actor, found: proposals.Found) -> None:
    corrected = [view for view, _ in found if view.record.version > 1]
    proposals.propose(actor, found, Look(with_other_marks(corrected)))
    match_waits.add(actor.own_state(), [view.record.id for view in corrected])


def searched(
    actor: Actor, item: RecordView, *, silent: bool | None = None, stands: bool = False
) -> list[Candidate]:
    """Return what a record may match, best first; nothing for a gun that cannot be searched.

    For a correction near ones are looked for in any case: what was proposed may be one of them.
    """
    is_first = item.record.version == 1
    try:
        return search(query_of(item), actor, settles=is_first, silent=silent, stands=stands)
    except Invalid:
        return []
