"""A pair of records as each of the two states may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.database.session import db
from salsa_ext.firearms.records import frequencies
from salsa_ext.firearms.records import queries as record_queries
from salsa_ext.firearms.records.models import RecordSetting
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.firearms.records.values import pseudonym
from salsa_ext.firearms.search.criteria import (
    describe_hit,
    describe_query,
    marks_to_search,
    with_related_codes,
)
from salsa_ext.firearms.search.evidence import (
    Description,
    Evidence,
    can_match,
    is_crime_related,
    is_match,
    weigh,
    weights_for,
)
from salsa_ext.firearms.search.values import Candidate, SearchMark


@dataclass(frozen=True)
class PairView:
    """What `owner` may see of a pair: its record, the other, the evidence.

    `version` is that of the record just written; `is_of_other` if this is the other one.
    `is_urgent`: one of the two was read in the field, or is missing. `is_kept`: the owner's record
    is silent, the other state must learn nothing.
    """

    owner: str
    record: UUID
    other_state: str
    other: UUID
    is_open: bool
    evidence: Evidence
    version: int
    is_of_other: bool
    is_urgent: bool
    is_hidden_from_other: bool = False

    @cached_property
    def key(self) -> tuple[UUID, UUID]:
        """Return the pair's key among the owner's rows."""
        return self.record, pseudonym(self.other)


def own_visibilities(state: str, candidates: Iterable[Candidate]) -> dict[UUID, str]:
    """Return the state's own candidates that are not open, with visibility."""
    own = {one.held.record_id for one in candidates if one.held.state == state}
    if not own:
        return {}
    columns = (RecordSetting.record_id, RecordSetting.visibility)
    wanted = select(*columns).where(RecordSetting.record_id.in_(own))
    rows = db.session.execute(wanted.where(RecordSetting.visibility != "open"))
    return {row.record_id: row.visibility for row in rows}


@dataclass(frozen=True)
class PreparedRecord:
    """A record's description and search marks, computed once for all candidates."""

    asked: Description
    sought: Mapping[SearchMark, str]

    @classmethod
    def by(cls, view: RecordView) -> PreparedRecord:
        """Prepare a record; raises Invalid if no mark can be searched."""
        query = record_queries.query_for_record(view)
        return cls(describe_query(query), marks_to_search(query))


def build_views(
    view: RecordView,
    candidate: Candidate,
    crowd: tuple[int, float] | None,
    prepared: PreparedRecord | None = None,
) -> Iterator[PairView]:
    """Yield each state's view of a record and one candidate.

    One row, two, or none: a silent record is visible to its owner alone. Each state sees the
    evidence and events that it may know; for two open records both see the same. `crowd` is from
    `rivals.crowds_for_other_state`.
    """
    record, held = view.record, candidate.held
    if held.state == record.owner_state:
        yield from _own_pair_view(view, candidate, prepared)
        return
    shown, near = record_queries.visibility_of(view), candidate.evidence.near
    theirs = held.event if candidate.shows("event") else None
    here = _evidence_for_writer(candidate, shown, crowd)
    if candidate.shows("holder") and is_match(here) and can_match(record.event, theirs, near):
        yield PairView(
            record.owner_state,
            record.id,
            held.state,
            held.record_id,
            candidate.is_open,
            here,
            record.version,
            False,
            is_crime_related(record.event, theirs),
            shown not in FINDER_VISIBILITIES["holder"],
        )
    mine = record.event if shown in FINDER_VISIBILITIES["event"] else None
    if shown not in FINDER_VISIBILITIES["holder"] or not can_match(held.event, mine, near):
        return
    there = _evidence_for_other(view, candidate, shown, prepared)
    if there is not None and is_match(there := replace(there, crowd=crowd)):
        yield PairView(
            held.state,
            held.record_id,
            record.owner_state,
            record.id,
            shown in FINDER_VISIBILITIES["firearm"],
            there,
            record.version,
            True,
            is_crime_related(held.event, mine),
            not candidate.shows("holder"),
        )


def _own_pair_view(
    view: RecordView, candidate: Candidate, prepared: PreparedRecord | None
) -> Iterator[PairView]:
    """Yield the view of two records of one state, as the newer one's."""
    record, held = view.record, candidate.held
    is_newer = record.id > held.record_id
    evidence = (
        candidate.evidence if is_newer else _evidence_for_other(view, candidate, "open", prepared)
    )
    if (
        evidence is not None
        and can_match(record.event, held.event, evidence.near)
        and is_match(evidence := replace(evidence, crowd=candidate.evidence.crowd))
    ):
        newer, older = sorted((record.id, held.record_id), reverse=True)
        yield PairView(
            record.owner_state,
            newer,
            record.owner_state,
            older,
            True,
            evidence,
            record.version,
            not is_newer,
            is_crime_related(record.event, held.event),
        )


def _evidence_for_writer(
    candidate: Candidate, visibility: str, crowd: tuple[int, float] | None
) -> Evidence:
    """Return the writer's evidence: both sides' same if both records are open."""
    if candidate.is_open and visibility in FINDER_VISIBILITIES["likeness"]:
        return replace(candidate.evidence, crowd=crowd)
    return candidate.evidence


def _evidence_for_other(
    view: RecordView, candidate: Candidate, visibility: str, prepared: PreparedRecord | None
) -> Evidence | None:
    """Weigh a pair from the candidate's side, by its visible fields.

    If each side may read the other's record, it is the same evidence, reversed.
    """
    prepared, evidence = prepared or PreparedRecord.by(view), candidate.evidence
    mine = prepared.asked if visibility in FINDER_VISIBILITIES["likeness"] else Description("")
    theirs = with_related_codes(describe_hit(candidate.held._replace(visibility="open")))
    weights = weights_for(theirs, frequencies.shares())
    weighed = [
        weigh(
            theirs,
            replace(mine, serial_norm=one.norm),
            by,
            has_other_serial=evidence.has_other_serial,
            weights=weights,
        )
        for one, by in prepared.sought.items()
        if by == evidence.by
    ]
    best = max(filter(None, weighed), key=lambda one: one.bits, default=None)
    if best and candidate.is_open and visibility in FINDER_VISIBILITIES["likeness"]:
        return replace(evidence, near=best.near, crowd=None)
    return best
