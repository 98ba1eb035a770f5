"""Traces of seized guns, so that each status of the contract occurs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

from api.demo.guns import Gun
from api.demo.seizures import Seized
from api.demo.words import CIRCUMSTANCES, HURRIES, LAW, said
from api.demo.world import STATES
from salsa_ext.matching import marks
from salsa_ext.values.inquiries import TraceData

ASKING: Final = ("ARG", "BOL", "BRA", "CHL", "COL", "ECU", "GTM", "HND", "MEX", "PER", "PRY", "URY",
                 "USA")  # fmt: skip
SHARES: Final[Mapping[str, float]] = {
    "draft": 0.08, "approved": 0.07, "sent": 0.10, "in_progress": 0.17, "answered": 0.32,
    "withdrawn": 0.07, "closed": 0.19,
}  # fmt: skip
UNSENT: Final = ("draft", "approved")
KINDS: Final = {"draft": "fresh", "approved": "fresh", "sent": "sent", "in_progress": "in_progress"}
PRIORITIES: Final = {"routine": 62, "priority": 24, "urgent": 11, "flash": 3}
REASONS: Final = {"illegal_where_found": 40, "used_in_crime": 38, "unlicensed_transfer": 15,
                  "inadequately_marked": 5, "unlicensed_manufacture": 2}  # fmt: skip
FRESH: Final = 90


@dataclass(frozen=True)
class Case:
    """A trace to be asked: of which item, when, and the status that it is to have."""

    state: str
    number: str
    seizure: str
    item: int
    day: int
    status: str
    priority: str
    urgency: str | None
    reason: str
    circumstances: str
    intended_use: str

    def data(self, seizure: UUID) -> TraceData:
        """Return the request, of the seizure as it was recorded."""
        return TraceData(
            case_number=self.number, priority=self.priority, priority_reason=self.urgency,
            legal_basis=said(LAW, self.state),
            illicit_reason=self.reason, circumstances=self.circumstances,
            intended_use=self.intended_use, seizure=seizure, item=self.item,
            draft=self.status in UNSENT,
        )  # fmt: skip


class Analysts:
    """Chooses which seized guns are traced."""

    def __init__(self, random: Random, seizures: Sequence[Seized], spared: frozenset[str]) -> None:
        self._random = random
        self._numbers: Counter[str] = Counter()
        self._kinds: dict[str, list[tuple[Seized, int]]] = defaultdict(list)
        for seized in seizures:
            if seized.state in ASKING and seized.data.number not in spared:
                self._sort(seized)
        for found in self._kinds.values():
            random.shuffle(found)

    def cases(self, count: int) -> list[Case]:
        """Return about `count` cases, at least one of each status, from the oldest on."""
        chosen = [
            (status, *self._take(KINDS.get(status, "answered")))
            for status, share in SHARES.items() for _ in range(max(1, round(count * share)))
        ]  # fmt: skip
        chosen.sort(key=lambda case: (-case[1].day, case[1].data.number, case[2]))
        return [self._case(*case) for case in chosen]

    def _take(self, kind: str) -> tuple[Seized, int]:
        """Return one of the kind, or of what there is most of."""
        return (self._kinds[kind] or max(self._kinds.values(), key=len)).pop()

    def _sort(self, seized: Seized) -> None:
        """Keep what is fresh for drafts, and the rest by the status that its trace comes to."""
        for line, gun in enumerate(seized.guns, 1):
            if gun is not None:
                fresh = seized.day <= FRESH and self._random.random() < 0.5
                kind = "fresh" if fresh else _answer(seized, line, gun)
                self._kinds[kind].append((seized, line))

    def _case(self, status: str, seized: Seized, item: int) -> Case:
        self._numbers[seized.state] += 1
        priority = self._pick(PRIORITIES)
        delay = self._random.randint(0, 10 if status in UNSENT else 25)
        return Case(
            seized.state, f"{seized.state}-C-{self._numbers[seized.state]:04d}",
            seized.data.number, item, max(1, seized.day - delay), status, priority,
            self._random.choice(said(HURRIES, seized.state)) if priority in ("flash", "urgent") else None,
            self._pick(REASONS), self._random.choice(said(CIRCUMSTANCES, seized.state)),
            self._random.choice(("intelligence", "intelligence", "evidence")),
        )  # fmt: skip

    def _pick(self, weights: Mapping[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


def _answer(seized: Seized, line: int, gun: Gun) -> str:
    """Return the status that a trace comes to: its maker's state may be no participant."""
    if gun.design.country in STATES:
        return "answered"
    item, imported = seized.data.items[line - 1], gun.imported
    abroad = gun.home != seized.state or imported is not None
    told = gun.is_known and abroad and _skeleton(item.serial) == _skeleton(gun.serial)
    marked = bool(item.marks) and imported is not None and imported[0] != seized.state
    return "in_progress" if told or marked else "sent"


def _skeleton(serial: str | None) -> str:
    return marks.skeleton(marks.normalise(serial or ""))
