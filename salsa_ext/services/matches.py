"""What a document that was just recorded matches: found, told and proposed in the same request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from salsa_ext.errors import Invalid
from salsa_ext.matching.events import LAWFUL, SEIZED
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.alike import Gun, of_many
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.records import RecordView, of_documents, with_other_marks
from salsa_ext.readmodels.search import search
from salsa_ext.readmodels.settling import settled
from salsa_ext.readmodels.sides import query_of, visibility_of
from salsa_ext.services import advice, match_waits, match_withdrawals, owner_waits, proposals
from salsa_ext.services.checks import tell_owners
from salsa_ext.services.proposals import Look
from salsa_ext.services.showings import of_candidates
from salsa_ext.values.actor import Actor

MOST: Final = 10
AT_ONCE: Final = 20
"""Guns of one document that are matched while the caller waits; those of longer ones by the worker."""


@dataclass(frozen=True)
class ItemMatches:
    """One item, and the records that may be of the same gun; none yet where it is matched later.

    `more` is how many others fit less well and are not listed: a check of the serial lists them.
    """

    line: int
    candidates: Sequence[Candidate]
    is_later: bool = False
    more: int = 0


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
    """Return for each item of a seizure what it matches, and propose what is strong enough.

    Of a long one the first items are matched at once, the others by the worker right afterwards.
    Owners of what was hit are told; of what others keep silent, later: it is told by
    `telling_owners`, and proposed by the worker's look.
    `permission` is that of the command which wrote the items.
    """
    require(actor, permission)
    own = {item.record.id for item in items}
    found, standing = [], []
    at_once, later = items[:AT_ONCE], items[AT_ONCE:]
    for item in at_once:
        candidates = searched(actor, item, own, silent=False)
        seen = advice.shown(candidates, MOST)
        # A silent seizure tells nobody: the word of a match would say that it exists.
        if visibility_of(item) != "silent":
            tell_owners(actor, "seizure", document_id, candidates, of_candidates(seen))
        more = advice.left_out(candidates, seen)
        found.append(ItemMatches(item.record.line, seen, more=more))
        standing.append((item, _standing(actor, item, own, candidates)))
    owner_waits.add(actor, "seizure", document_id)
    _propose(actor, standing)
    _leave(later)
    return found + [ItemMatches(item.record.line, (), is_later=True) for item in later]


def _leave(items: Sequence[RecordView]) -> None:
    """Leave items to the worker, but for what is to be seen by no other state from now on."""
    corrected = [item for item in items if item.record.version > 1]  # a new one waits already
    match_withdrawals.hide(corrected)
    if corrected:
        _add(corrected[0].record.owner_state, corrected)


def _add(owner: str, corrected: Sequence[RecordView]) -> None:
    is_of_crime = any(view.record.event not in LAWFUL for view in corrected)
    match_waits.add(owner, [view.record.id for view in corrected], is_of_crime=is_of_crime)


def _standing(
    actor: Actor, item: RecordView, own: Collection[UUID], hits: Sequence[Candidate]
) -> Sequence[Candidate]:
    """Return the candidates whose mark was not corrected away; a correction looks for them anew."""
    if item.record.version > 1:
        return searched(actor, item, own, silent=False, stands=True)
    return [hit for hit in hits if not hit.held.is_superseded]


def of_document(actor: Actor, document_id: UUID) -> None:
    """Propose what the records of a document match, for the command that just wrote it.

    Raises nothing for a gun that cannot be searched: it is worth recording all the same.
    """
    items = of_documents([document_id])[document_id]
    own = {item.record.id for item in items}
    _propose(actor, searched_many(actor, items, dict.fromkeys(own, own), silent=False))


def _propose(actor: Actor, found: proposals.Found) -> None:
    corrected = [view for view, _ in found if view.record.version > 1]
    proposals.propose(actor, found, Look(with_other_marks(corrected)))
    _add(actor.own_state(), corrected)


def searched(
    actor: Actor, item: RecordView, own: Collection[UUID], *, silent: bool | None = None,
    stands: bool = False,
) -> list[Candidate]:  # fmt: skip
    """Return what a record may match but for its `own` document's, best first.

    Nothing for a gun that cannot be searched. Marks that are only near are left out where another
    one agrees in all.
    """
    try:  # the record itself stands there by now, and agrees in all: it would settle the search
        found = search(query_of(item), actor, settles=False, silent=silent, stands=stands, own=own)
    except Invalid:
        return []
    return _settled(item, found)


def _settled(item: RecordView, found: Sequence[Candidate]) -> list[Candidate]:
    is_seized = item.record.event in SEIZED
    return [*settled(found, query_of(item), is_seized=is_seized)]


def searched_many(
    actor: Actor, items: Sequence[RecordView], own: Mapping[UUID, Collection[UUID]], *,
    silent: bool | None = None,
) -> list[tuple[RecordView, Sequence[Candidate]]]:  # fmt: skip
    """Return each record with what it may match but for its `own` document's, as standing now.

    The marks of all are looked for together, and those of corrections one by one. Of the licit
    trade, what is only near and no more than trade itself is left out: it is never a match.
    """
    alike = of_many([
        Gun(item.record.id, query_of(item), own[item.record.id], item.record.event in READ_AFIELD)
        for item in items if item.record.version == 1
    ], actor, silent=silent)  # fmt: skip
    found = []
    for item in items:
        if item.record.version > 1:
            hits: Sequence[Candidate] = searched(
                actor, item, own[item.record.id], silent=silent, stands=True
            )
        else:
            hits = _settled(item, alike.get(item.record.id, ()))
        found.append((item, hits))
    return found
