"""Matches and hits of the guns of a document, as the job has made them so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from salsa_ext.access.permissions import Permission
from salsa_ext.alerts import queries as alert_queries
from salsa_ext.alerts.queries import HitView
from salsa_ext.core.actor import Actor
from salsa_ext.documents.queries import DocumentView
from salsa_ext.firearms.search.values import MarkHit
from salsa_ext.jobs.changes import find_waiting
from salsa_ext.matches import queries as match_queries
from salsa_ext.matches.queries import MatchView


@dataclass(frozen=True)
class RelatedFindings:
    """Hits and matches by record, strongest match first, as visible.

    `others` are the guns on the other side by match, where visible. `more` is the number of weaker
    candidates, if large; own documents only.
    """

    hits: Mapping[UUID, Sequence[HitView]]
    matches: Mapping[UUID, Sequence[MatchView]] = field(default_factory=dict)
    others: Mapping[UUID, MarkHit] = field(default_factory=dict)
    more: Mapping[UUID, int] = field(default_factory=dict)

    def for_record(self, record: str) -> tuple[Sequence[HitView], Sequence[MatchView], int]:
        """Return hits, matches and number of weaker candidates of a record."""
        key = UUID(record)
        return self.hits.get(key, ()), self.matches.get(key, ()), self.more.get(key, 0)


def find_related(actor: Actor, view: DocumentView) -> RelatedFindings:
    """Return visible hits and matches of a document's guns."""
    records = [item.record.id for item in view.items]
    hits = alert_queries.hits_of_records(actor, records)
    if Permission.MATCH_READ not in actor.permissions:
        return RelatedFindings(hits)
    matches = match_queries.matches_of_records(actor, records)
    is_own = view.document.owner_state == actor.state
    more = (
        match_queries.count_weaker_matches(actor, view.items, matches) if matches and is_own else {}
    )
    return RelatedFindings(hits, matches, _other_guns(actor, view, matches), more)


@dataclass(frozen=True)
class MatchedSeizure:
    """A seizure with its current matches, None without permission to read them.

    `is_complete` once the job has compared its guns; None for another state's.
    """

    view: DocumentView
    matches: Sequence[MatchView] | None
    is_complete: bool | None

    @property
    def version(self) -> int:
        """Return the version of the seizure."""
        return self.view.version


def with_matches(actor: Actor, view: DocumentView) -> MatchedSeizure:
    """Return a seizure with its current matches, by gun the strongest first."""
    complete = is_complete(actor, view)
    if Permission.MATCH_READ not in actor.permissions:
        return MatchedSeizure(view, None, complete)
    records = [item.record.id for item in view.items]
    matches = match_queries.matches_of_records(actor, records)
    return MatchedSeizure(
        view, [match for record in records for match in matches.get(record, ())], complete
    )


def is_complete(actor: Actor, view: DocumentView) -> bool | None:
    """Return whether the job has compared the guns of a seizure; None for another state's."""
    if view.document.owner_state != actor.state:
        return None
    return not find_waiting("match_crime", "seizure", [view.document.id])


def _other_guns(
    actor: Actor, view: DocumentView, matches: Mapping[UUID, Sequence[MatchView]]
) -> Mapping[UUID, MarkHit]:
    """Return the other gun of each match, with RECORD_READ."""
    if not matches or Permission.RECORD_READ not in actor.permissions:
        return {}
    serials = {item.record.id: item.record.serial for item in view.items}
    return match_queries.other_record_guns(actor, matches, serials)
