"""Which records agree so well that those whose marks are only near theirs are of other guns."""

from __future__ import annotations

from collections.abc import Sequence

from salsa_ext.db import NO_STATE
from salsa_ext.matching.events import ALERT, SETTLING_NOTHING
from salsa_ext.matching.evidence import CERTAIN, Description
from salsa_ext.matching.nearness import compare
from salsa_ext.readmodels import marks
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Held
from salsa_ext.readmodels.search import asked_of, searched_by
from salsa_ext.values.inquiries import Query


def settled(found: Sequence[Candidate], query: Query, *, is_seized: bool) -> Sequence[Candidate]:
    """Return the candidates, without those that are only near marks which others of them settle."""
    if not (settling := _settling(found, query, is_seized=is_seized)):
        return found
    left = marks.unsettled(searched_by(query), settling)
    return [
        hit for hit in found
        if hit.evidence.near.kind in CERTAIN
        or any(compare(one.norm, hit.held.serial_norm) for one in left)
    ]  # fmt: skip


def is_settled(found: Sequence[Candidate], query: Query, *, is_seized: bool) -> bool:
    """Tell whether the candidates settle all marks of a query: none is looked for by what is near it."""
    settling = _settling(found, query, is_seized=is_seized)
    return bool(settling) and not marks.unsettled(searched_by(query), settling)


def _settling(found: Sequence[Candidate], query: Query, *, is_seized: bool) -> list[Held]:
    """Return the records that settle what is asked of their mark, as `readmodels.marks` says it.

    Here they have to be strong too, and to bear the mark to the letter. An alert settles nothing. Of
    a gun that is itself seized, another seizure repeats what somebody read, and settles nothing either.
    """
    asked, nothing = asked_of(query), SETTLING_NOTHING if is_seized else frozenset({ALERT})
    return [hit.held for hit in found if _is_sure(hit) and _settles(hit, asked, nothing)]


def _is_sure(hit: Candidate) -> bool:
    return hit.evidence.near.kind == "same" and hit.evidence.strength == "strong"


def _settles(hit: Candidate, asked: Description, nothing: frozenset[str]) -> bool:
    return hit.is_open and marks.settles_one(hit.held, asked, NO_STATE, nothing)
