"""When a record agrees so well that those whose marks are only near are of other guns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from salsa_ext.matching.events import ALERT, SETTLING_NOTHING
from salsa_ext.matching.evidence import CERTAIN, Description
from salsa_ext.readmodels.crowds import Candidate

HELD: Final = ("make", "calibre_family")
"""What the record has to say itself, where it is asked: a bare one agrees with every gun."""
UNCONTRADICTED: Final = frozenset(("type", "country", "year"))


def settled(
    found: Sequence[Candidate], asked: Description, *, is_seized: bool
) -> Sequence[Candidate]:
    """Return the candidates, without those that are only near where one of them settles the search."""
    if not is_settled(found, asked, is_seized=is_seized):
        return found
    return [hit for hit in found if hit.evidence.near.kind in CERTAIN]


def is_settled(found: Sequence[Candidate], asked: Description, *, is_seized: bool) -> bool:
    """Tell whether one of the candidates agrees in all that is asked, as `readmodels.marks` says it.

    An alert settles nothing. Of a gun that is itself seized, another seizure repeats what somebody
    read, and settles nothing either.
    """
    nothing = SETTLING_NOTHING if is_seized else {ALERT}
    return any(_settles(hit, asked) for hit in found if hit.held.event not in nothing)


def _settles(hit: Candidate, asked: Description) -> bool:
    evidence, held = hit.evidence, hit.held
    if not hit.is_open or held.is_superseded or evidence.near.kind != "same":
        return False
    said = {weight.name: outcome for weight, outcome in evidence.fields}
    return (
        evidence.strength == "strong"
        and all(getattr(asked, name) is None or said.get(name) == "same" for name in HELD)
        and not any(said.get(name) == "other" for name in UNCONTRADICTED)
    )
