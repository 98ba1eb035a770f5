"""Marks found by a search, and the candidates they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.core.dates import rough_date
from salsa_ext.firearms.search.evidence import Evidence


class MarkHit(NamedTuple):
    """A mark found in the index, of one version of a record."""

    record_id: UUID
    state: str
    serial_norm: str
    event: str
    occurred_on: date
    make: str | None
    model: str | None
    calibre: str | None
    type: str | None
    country: str | None
    year: int | None
    visibility: str
    is_superseded: bool
    record_version: int
    occurred_within: str | None = None

    @property
    def on(self) -> date:
        """Return the date of its event, as it is known."""
        return rough_date(self.occurred_on, self.occurred_within)


@dataclass(frozen=True)
class SearchMark:
    """A mark to search for.

    `is_whole`: fully read, so that its own key is looked up; `is_near`: near marks are searched
    too. `is_mark` is False for a text with marks among other words: it is searched as written, and
    each of its marks separately.
    """

    norm: str
    value: int
    is_whole: bool = True
    is_near: bool = False
    is_mark: bool = True


class Coverage(NamedTuple):
    """A state's number of records, and the day of the newest."""

    state: str
    records: int
    through: date


class SearchedState(NamedTuple):
    """A state whose registers of guns were searched, and those that may lack guns of their kind."""

    state: str
    registers: Sequence[str]
    incomplete: Sequence[str]
    records: int = 0
    through: date | None = None


class SearchScope(NamedTuple):
    """The states that a check searched, and those that take part with no register of guns."""

    searched: Sequence[SearchedState]
    not_searched: Sequence[str]


class BestScores(NamedTuple):
    """Bits of the best candidates: of all, and of lawful history."""

    bits: float
    lawful_bits: float
    serial_bits: float


@dataclass(frozen=True)
class Candidate:
    """A record that may be of the same gun, with the evidence."""

    mark_hit: MarkHit
    evidence: Evidence

    @property
    def is_open(self) -> bool:
        """Return whether the asker may read the record."""
        return self.shows("firearm")

    def shows(self, group: str) -> bool:
        """Return whether finding the record shows a field group to the asker."""
        return self.mark_hit.visibility in FINDER_VISIBILITIES[group]
