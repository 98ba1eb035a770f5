"""A pair of records as each of the two states may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.core.ids import pseudonym
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.records.event_kinds import FOUND_EVENTS, MISSING_EVENTS
from salsa_ext.firearms.records.models import RecordSetting
from salsa_ext.firearms.records.queries import RecordView, query_for_record, visibility_of
from salsa_ext.firearms.search.criteria import (
    describe_hit,
    describe_query,
    marks_to_search,
    with_related_codes,
)
from salsa_ext.firearms.search.evidence import (
    EQUAL_KINDS,
    Description,
    Evidence,
    Reason,
    can_match,
    is_match,
)
from salsa_ext.firearms.search.search import weigh_pairs
from salsa_ext.firearms.search.values import Candidate, SearchMark
from salsa_ext.matches.worths import worth_of

PairKey = tuple[UUID, UUID]
"""A record, and the pseudonym of the other one."""


@dataclass(frozen=True)
class PairView:
    """What `owner` may see of a pair: its record, the other, the evidence.

    `version` is that of the record just written, `other_version` that of the one found;
    `is_of_other` if the written one is the other.
    `marks` are the own and the other. `worth` is a
    code of MATCH_WORTHS.
    `is_hidden_from_other`: the owner's record is silent, the other state must learn nothing.
    """

    owner: str
    record: UUID
    other_state: str
    other: UUID
    is_open: bool
    evidence: Evidence
    version: int
    other_version: int
    is_of_other: bool
    worth: str
    marks: tuple[str, str]
    is_hidden_from_other: bool = False

    @property
    def is_near(self) -> bool:
        """Return whether both marks are disclosed and not the same."""
        return self.is_open and self.marks[0] != self.marks[1]

    @cached_property
    def key(self) -> PairKey:
        """Return the pair's key among the owner's rows."""
        return self.record, pseudonym(self.other)


def stored_reason(reason: Reason) -> dict[str, Any]:
    """Return a reason as a match holds it."""
    text = reason.text
    return {"code": reason.code, "bits": reason.bits, "text": text.text, "params": {**text.params}}


def own_visibilities(state: str, candidates: Iterable[Candidate]) -> dict[UUID, str]:
    """Return the state's own candidates that are not open, with visibility."""
    own = {each.mark_hit.record_id for each in candidates if each.mark_hit.state == state}
    if not own:
        return {}
    columns = (RecordSetting.record_id, RecordSetting.visibility)
    query = select(*columns).where(RecordSetting.record_id.in_(own))
    rows = db.session.execute(query.where(RecordSetting.visibility != "open"))
    return {row.record_id: row.visibility for row in rows}


@dataclass(frozen=True)
class PreparedRecord:
    """A record's description and search marks, computed once for all candidates."""

    description: Description
    marks: Mapping[SearchMark, str]

    @classmethod
    def by(cls, view: RecordView) -> PreparedRecord:
        """Prepare a record; raises Invalid if no mark can be searched."""
        query = query_for_record(view)
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
    record, other = view.record, candidate.mark_hit
    mark = other_mark = skeleton(other.serial_norm)
    if candidate.evidence.near.kind not in EQUAL_KINDS:  # else it may be the mark of a part
        mark = skeleton(normalise(record.serial or ""))
    if other.state == record.owner_state:
        yield from _own_pair_view(view, candidate, (mark, other_mark), prepared)
        return
    visibility, evidence = visibility_of(view), candidate.evidence
    near, is_shown = evidence.near, visibility in FINDER_VISIBILITIES["holder"]
    if candidate.shows("holder"):
        if candidate.is_open and visibility in FINDER_VISIBILITIES["likeness"]:
            evidence = replace(evidence, crowd=crowd)  # both sides read the same
        event = other.event if candidate.shows("event") else None
        evidence = _with_events(evidence, view.search_event, event)
        if is_match(evidence) and can_match(view.search_event, event, near):
            yield PairView(
                record.owner_state,
                record.id,
                other.state,
                other.record_id,
                candidate.is_open,
                evidence,
                record.version,
                other.record_version,
                False,
                worth_of(view.search_event, event, record.occurred_on, other.on),
                (mark, other_mark),
                not is_shown,
            )
    event = view.search_event if visibility in FINDER_VISIBILITIES["event"] else None
    if not is_shown or not can_match(other.event, event, near):
        return
    others_evidence = _evidence_for_other(view, candidate, visibility, prepared)
    if others_evidence is None:
        return
    others_evidence = _with_events(replace(others_evidence, crowd=crowd), other.event, event)
    if is_match(others_evidence):
        yield PairView(
            other.state,
            other.record_id,
            record.owner_state,
            record.id,
            visibility in FINDER_VISIBILITIES["firearm"],
            others_evidence,
            record.version,
            other.record_version,
            True,
            worth_of(other.event, event, other.on, record.occurred_on),
            (other_mark, mark),
            not candidate.shows("holder"),
        )


def _with_events(evidence: Evidence, *events: str | None) -> Evidence:
    """Return evidence with whether the `events`, as far as known, are a loss and a find."""
    is_missing = all(not kinds.isdisjoint(events) for kinds in (MISSING_EVENTS, FOUND_EVENTS))
    return replace(evidence, is_missing=is_missing)


def _own_pair_view(
    view: RecordView, candidate: Candidate, marks: tuple[str, str], prepared: PreparedRecord | None
) -> Iterator[PairView]:
    """Yield the view of two records of one state, as the newer one's."""
    record, other, evidence = view.record, candidate.mark_hit, candidate.evidence
    is_newer = record.id > other.record_id
    own = evidence if is_newer else _evidence_for_other(view, candidate, "open", prepared)
    if own is None or not can_match(view.search_event, other.event, own.near, is_one_state=True):
        return
    own = _with_events(replace(own, crowd=evidence.crowd), view.search_event, other.event)
    if is_match(own):
        newer, older = sorted((record.id, other.record_id), reverse=True)
        state = record.owner_state
        worth = worth_of(view.search_event, other.event, record.occurred_on, other.on)
        versions = record.version, other.record_version
        marks = marks if is_newer else marks[::-1]
        yield PairView(state, newer, state, older, True, own, *versions, not is_newer, worth, marks)


def _evidence_for_other(
    view: RecordView, candidate: Candidate, visibility: str, prepared: PreparedRecord | None
) -> Evidence | None:
    """Weigh a pair from the candidate's side, by its visible fields."""
    prepared, evidence = prepared or PreparedRecord.by(view), candidate.evidence
    is_readable = visibility in FINDER_VISIBILITIES["likeness"]
    record = prepared.description if is_readable else Description("")
    query = with_related_codes(describe_hit(candidate.mark_hit._replace(visibility="open")))
    pairs = [
        (query, replace(record, serial_norm=mark.norm))
        for mark, role in prepared.marks.items()
        if role == evidence.by
    ]
    best = weigh_pairs(evidence, pairs)
    if best and candidate.is_open and is_readable:
        return replace(evidence, near=best.near, crowd=None)
    return best
