"""What finding a record showed of it to another state: written down for its owner, with the answer itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action
from salsa_ext.policy.release import FOUND
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import VISIBILITIES

Groups = tuple[str, ...]
Shown = Mapping[UUID, Groups]
"""Of which records a finder is shown which field groups."""

HOLDER: Final[Groups] = ("holder",)
FOUND_WITH: Final[Mapping[str, Groups]] = {
    visibility: tuple(
        group for group in ("holder", "likeness", "firearm", "event") if visibility in FOUND[group]
    )
    for visibility in VISIBILITIES
}
"""What who finds a record is shown: whose it is, why it may be the gun, its mark and make, what happened."""
MOST: Final = 200
"""Records of one entry."""


@dataclass(frozen=True)
class Showing:
    """A record of `owner` of which `to` is shown field groups `through` a match or a hit, unasked."""

    through: str
    owner: str
    record: UUID
    to: str
    groups: Groups


def of_candidates(seen: Iterable[Candidate]) -> dict[UUID, Groups]:
    """Return what an answer shows of candidates that it lists."""
    return {one.held.record_id: FOUND_WITH[one.held.visibility] for one in seen}


def acts(actor: Actor, showings: Iterable[Showing]) -> list[Act]:
    """Return the acts by which each owner, and no other state, reads what was shown of its records.

    Those of one owner that one state was shown alike stand in one.
    """
    alike: dict[tuple[str, str, str, Groups], dict[str, None]] = {}
    for one in showings:
        key = (one.owner, one.to, one.through, one.groups)
        alike.setdefault(key, {})[str(one.record)] = None
    return [
        _act(actor, key, records[first : first + MOST])
        for key, records in ((key, [*found]) for key, found in sorted(alike.items()))
        for first in range(0, len(records), MOST)
    ]


def _act(actor: Actor, key: tuple[str, str, str, Groups], records: list[str]) -> Act:
    owner, to, through, groups = key
    said = data(records, groups) | {"through": through, "to": to}
    return Act(Action.RECORD_SHOWN, "record", records[0], owner, [owner], said,
               hidden=owner != actor.state)  # fmt: skip


def data(records: list[str], groups: Groups) -> dict[str, Any]:
    """Return what an entry says of records: which, and what of them was shown, if anything was."""
    return {"records": records} | ({"groups": [*groups]} if groups else {})
