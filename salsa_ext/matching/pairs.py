"""Two records that may be of one gun: which pairs are worth proposing, and how one is known again; pure."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from salsa_ext.matching.events import ALERT, ORDER, SEIZED
from salsa_ext.matching.evidence import CERTAIN, Evidence
from salsa_ext.matching.nearness import Nearness

# Somebody read the mark on a gun that was not where it belonged, or wrote down one that is gone.
READ_AFIELD: Final = frozenset(
    (*SEIZED, *ORDER[ORDER.index("recovery") : ORDER.index("deactivation")], ALERT)
)
MISSED: Final = frozenset(("loss", "theft", ALERT))
CHECK: Final = "check"
STRENGTHS: Final = frozenset(("strong", "moderate"))


def is_worth(one: str, other: str | None, near: Nearness) -> bool:
    """Tell whether two events whose marks are near can be a match for the state that knows the first.

    Makers number on: the next crate's serials are one glyph from the last one's. So of two records
    of the licit trade, of which none was read in the field, the mark has to be the same; and so it
    has where the state may not know what the other event is (None). An alert is no record of a gun's
    life, and no match: it is hit.
    """
    if ALERT in (one, other):
        return False
    return near.kind in CERTAIN or one in READ_AFIELD or other in READ_AFIELD


def is_urgent(one: str, other: str | None) -> bool:
    """Tell whether one of two events is more than licit trade: a gun was found, or is missed.

    What a state may not know (None) counts so: better a lawful pair is looked at than a missing gun
    passed over.
    """
    return other is None or one in READ_AFIELD or other in READ_AFIELD


def is_hit(event: str, evidence: Evidence | None) -> bool:
    """Tell whether an alert is met by a check (`check`), or by a record of some event.

    Of the licit trade the mark has to be the same, as of a match; a report that the gun is missed is
    no meeting.
    """
    if not is_match(evidence) or event in MISSED:
        return False
    return event == CHECK or event in READ_AFIELD or (
        evidence is not None and evidence.near.kind in CERTAIN
    )  # fmt: skip


def is_match(evidence: Evidence | None) -> bool:
    """Tell whether evidence is enough for a match; weaker candidates are shown, and not kept."""
    return evidence is not None and evidence.strength in STRENGTHS


def key_of(record_id: UUID) -> UUID:
    """Return what stands for a record where its id must not: it cannot be turned back into the id."""
    return UUID(bytes=hashlib.blake2b(record_id.bytes, digest_size=16).digest())
