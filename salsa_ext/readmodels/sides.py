"""A pair of records as each of the two states may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.evidence import Description, Evidence, weigh, weights_for
from salsa_ext.matching.pairs import is_match, is_urgent, is_worth, key_of
from salsa_ext.matching.refined import coarser
from salsa_ext.models import RecordSetting
from salsa_ext.policy.release import FOUND
from salsa_ext.readmodels import frequencies
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Sought
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.search import asked_of, held_of, searched_by, with_relatives
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.inquiries import Query

ASKED_BY: Final = (
    "serial", "make_text", "model", "calibre_text", "type_text", "country_of_manufacture", "year",
    "marking",
)  # fmt: skip


@dataclass(frozen=True)
class Side:
    """What `owner` is told: its record, the other one (named where it is open), and why.

    `version` is that of the record which was just written; `is_of_other` where this is the other.
    `is_urgent` where one of the two was read in the field, or is missed; `is_kept` where its owner
    keeps its record silent, and the other state is to learn of nothing.
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
    is_kept: bool = False

    @cached_property
    def key(self) -> tuple[UUID, UUID]:
        """Return what the pair is known by among the owner's."""
        return self.record, key_of(self.other)


def query_of(view: RecordView) -> Query:
    """Return the question that a record asks of all others."""
    record = view.record
    said = {name: getattr(record, name) for name in ASKED_BY}
    query = query_about(said, [Mark(mark.kind, mark.text) for mark in view.marks])
    return replace(query, event=record.event, told_in=record.occurred_on.year)


def query_about(said: Mapping[str, Any], borne: Sequence[Mark]) -> Query:
    """Return the question about a gun as it is described, by the marks that it bears.

    It asks by no mark of which it has a finer reading, which other guns do not fit.
    """
    serials = [mark.text for mark in borne if mark.kind == "manufacture"]
    left_out = coarser([said["serial"] or "", *serials]) - {said["serial"]}
    return Query(
        serial=said["serial"] or "", make=said["make_text"], model=said["model"],
        calibre=said["calibre_text"], type=said["type_text"],
        country=said["country_of_manufacture"], year=said["year"],
        marks=tuple(mark for mark in borne
                    if mark.kind != "manufacture" or mark.text not in left_out),
        marking=said["marking"],
    )  # fmt: skip


def query_for(gun: Firearm) -> Query:
    """Return the question that a gun asks which is not recorded yet."""
    return Query(
        serial=gun.serial or "", make=gun.make, model=gun.model, calibre=gun.calibre,
        type=gun.type, country=gun.country_of_manufacture, year=gun.year,
        marks=gun.all_marks(), marking=gun.marking,
    )  # fmt: skip


def firearm_of(view: RecordView) -> Firearm:
    """Return the gun of a record as it was told, for another record of it."""
    record = view.record
    marks = tuple(
        Mark(mark.kind, mark.text, mark.state, mark.year, mark.location, mark.condition, mark.method)
        for mark in view.marks
        if (mark.kind, mark.text) not in (("manufacture", record.serial),
                                          ("import", record.importer_mark))
    )  # fmt: skip
    as_told: dict[str, Any] = {name: getattr(record, name) for name in _AS_TOLD}
    return Firearm(type=record.type_text, make=record.make_text, calibre=record.calibre_text,
                   marks=marks, **as_told)  # fmt: skip


_AS_TOLD: Final = (
    "category", "model", "country_of_manufacture", "year", "origin_kind", "serial", "marking",
    "importer_mark", "part_kind", "quantity", "unit", "lot", "headstamp", "hs_code", "antique",
)  # fmt: skip


def seen_by_owner(query: Query, candidate: Candidate) -> Evidence | None:
    """Weigh a candidate by all that its record says: as its own state may, which knows it."""
    theirs = held_of(candidate.held._replace(visibility="open"))
    asked, evidence = asked_of(query), candidate.evidence
    weights = weights_for(asked, frequencies.shares())
    weighed = [
        weigh(replace(asked, serial_norm=one.norm), theirs, by,
              has_other_serial=evidence.has_other_serial, weights=weights)
        for one, by in searched_by(query).items() if by == evidence.by
    ]  # fmt: skip
    best = max(filter(None, weighed), key=lambda one: one.bits, default=None)
    return replace(best, crowd=evidence.crowd) if best else None


def visibility_of(view: RecordView) -> str:
    """Return how its owner shows a record."""
    return view.setting.visibility if view.setting else "open"


def handling_of(view: RecordView) -> str:
    """Return how its owner wants a record handled."""
    return view.setting.handling if view.setting else "H1"


def kept_back(state: str, candidates: Iterable[Candidate]) -> dict[UUID, str]:
    """Return those of the state's own candidates that it does not keep open, each with its visibility."""
    own = {one.held.record_id for one in candidates if one.held.state == state}
    if not own:
        return {}
    columns = (RecordSetting.record_id, RecordSetting.visibility)
    wanted = select(*columns).where(RecordSetting.record_id.in_(own))
    rows = db.session.execute(wanted.where(RecordSetting.visibility != "open"))
    return {row.record_id: row.visibility for row in rows}


@dataclass(frozen=True)
class Told:
    """What a record tells of its gun, worked out once for all of its candidates."""

    asked: Description
    sought: Mapping[Sought, str]

    @classmethod
    def by(cls, view: RecordView) -> Told:
        """Return what a record tells; raises Invalid where nothing of its marks can be searched."""
        query = query_of(view)
        return cls(asked_of(query), searched_by(query))


def sides_of(
    view: RecordView,
    candidate: Candidate,
    crowd: tuple[int, float] | None,
    told: Told | None = None,
) -> Iterator[Side]:
    """Yield what each state is told of a record and one candidate: one row, two, or none.

    Of a silent record only its owner is told, and of two silent ones nobody. Each state is told
    what agrees as far as it may know it, and judges by the events that it may know; of two open
    records both are told the same. `crowd` is that of `crowds.told`.
    """
    record, held = view.record, candidate.held
    if held.state == record.owner_state:
        yield from _own(view, candidate, told)
        return
    shown, near = visibility_of(view), candidate.evidence.near
    theirs = held.event if candidate.shows("event") else None
    here = _seen_here(candidate, shown, crowd)
    if candidate.shows("holder") and is_match(here) and is_worth(record.event, theirs, near):
        yield Side(record.owner_state, record.id, held.state, held.record_id,
                   candidate.is_open, here, record.version, False,
                   is_urgent(record.event, theirs), shown not in FOUND["holder"])  # fmt: skip
    mine = record.event if shown in FOUND["event"] else None
    if shown not in FOUND["holder"] or not is_worth(held.event, mine, near):
        return
    there = _seen_there(view, candidate, shown, told)
    if there is not None and is_match(there := replace(there, crowd=crowd)):
        yield Side(held.state, held.record_id, record.owner_state, record.id, shown in FOUND["firearm"],
                   there, record.version, True, is_urgent(held.event, mine),
                   not candidate.shows("holder"))  # fmt: skip


def _own(view: RecordView, candidate: Candidate, told: Told | None) -> Iterator[Side]:
    """Two records of one state stand in one row, as that of the newer one."""
    record, held = view.record, candidate.held
    is_newer = record.id > held.record_id
    evidence = candidate.evidence if is_newer else _seen_there(view, candidate, "open", told)
    if (
        evidence is not None and is_worth(record.event, held.event, evidence.near)
        and is_match(evidence := replace(evidence, crowd=candidate.evidence.crowd))
    ):  # fmt: skip
        newer, older = sorted((record.id, held.record_id), reverse=True)
        yield Side(record.owner_state, newer, record.owner_state, older, True, evidence,
                   record.version, not is_newer, is_urgent(record.event, held.event))  # fmt: skip


def _seen_here(candidate: Candidate, shown: str, crowd: tuple[int, float] | None) -> Evidence:
    """Return what the writer is told: the same as the other side where both may read both records."""
    if candidate.is_open and shown in FOUND["likeness"]:
        return replace(candidate.evidence, crowd=crowd)
    return candidate.evidence


def _seen_there(
    view: RecordView, candidate: Candidate, shown: str, told: Told | None
) -> Evidence | None:
    """Weigh a pair from the candidate's side: it knows its own record, and of this what is shown.

    Where each side may read the other, it is the very evidence of the one, read from the other end.
    """
    told, evidence = told or Told.by(view), candidate.evidence
    mine = told.asked if shown in FOUND["likeness"] else Description("")
    theirs = with_relatives(held_of(candidate.held._replace(visibility="open")))
    weights = weights_for(theirs, frequencies.shares())
    weighed = [
        weigh(theirs, replace(mine, serial_norm=one.norm), by,
              has_other_serial=evidence.has_other_serial, weights=weights)
        for one, by in told.sought.items() if by == evidence.by
    ]  # fmt: skip
    best = max(filter(None, weighed), key=lambda one: one.bits, default=None)
    if best and candidate.is_open and shown in FOUND["likeness"]:
        return replace(evidence, near=best.near, crowd=None)
    return best
