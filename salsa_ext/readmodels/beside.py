"""What stands beside the guns of a document: what each matches, and which alerts it met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import hits, matches
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.hits import HitView
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class Beside:
    """Hits and matches by the gun's record, the strongest match first, as the reader's state has them.

    `others` are the guns on the other side, by match, where they may be known. `more` is how many
    records fit a gun less well than what it matches, where that is much: of an own document alone.
    """

    hits: Mapping[UUID, Sequence[HitView]]
    matches: Mapping[UUID, Sequence[MatchView]] = field(default_factory=dict)
    others: Mapping[UUID, Held] = field(default_factory=dict)
    more: Mapping[UUID, int] = field(default_factory=dict)

    def of(self, record: str) -> tuple[Sequence[HitView], Sequence[MatchView], int]:
        """Return the hits and matches of a gun and how many more fit it, by the number of its record."""
        key = UUID(record)
        return self.hits.get(key, ()), self.matches.get(key, ()), self.more.get(key, 0)


def of_document(actor: Actor, view: DocumentView) -> Beside:
    """Return what stands beside the guns of a document; nothing of what the reader may not read.

    Each kind of thing is asked for once, however many guns there are.
    """
    records = [item.record.id for item in view.items]
    met = hits.of_records(actor, records)
    if Permission.MATCH_READ not in actor.permissions:
        return Beside(met)
    found = matches.of_records(actor, records)
    is_own = view.document.owner_state == actor.state
    more = matches.more_of(actor, view.items, found) if found and is_own else {}
    return Beside(met, found, _others(actor, view, found), more)


def _others(
    actor: Actor, view: DocumentView, found: Mapping[UUID, Sequence[MatchView]]
) -> Mapping[UUID, Held]:
    """Return the gun on the other side of each match, for who may read records."""
    if not found or Permission.RECORD_READ not in actor.permissions:
        return {}
    serials = {item.record.id: item.record.serial for item in view.items}
    return matches.other_guns(actor, found, serials)
