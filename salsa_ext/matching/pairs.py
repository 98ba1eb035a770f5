"""Two records that may be of one gun: which pairs are worth proposing, and how one is known again; pure."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from salsa_ext.matching.events import ORDER, SEIZED
from salsa_ext.matching.evidence import Evidence
from salsa_ext.matching.nearness import Nearness

# Somebody read the mark on a gun that was not where it belonged, or wrote down one that is gone.
READ_AFIELD: Final = SEIZED | frozenset(
    ORDER[ORDER.index("recovery") : ORDER.index("deactivation")]
)
CERTAIN: Final = frozenset(("same", "confusable"))
STRENGTHS: Final = frozenset(("strong", "moderate"))


def is_worth(one: str, other: str | None, near: Nearness) -> bool:
    """Tell whether two events whose marks are near can be a match for the state that knows the first.

    Makers number on: the next crate's serials are one glyph from the last one's. So of two records
    of the licit trade, of which none was read in the field, the mark has to be the same; and so it
    has where the state may not know what the other event is (None).
    """
    return near.kind in CERTAIN or one in READ_AFIELD or other in READ_AFIELD


def is_urgent(one: str, other: str | None) -> bool:
    """Tell whether one of two events is more than licit trade: a gun was found, or is missed.

    What a state may not know (None) counts so: better a lawful pair is looked at than a missing gun
    passed over.
    """
    return other is None or one in READ_AFIELD or other in READ_AFIELD


def is_match(evidence: Evidence | None) -> bool:
    """Tell whether evidence is enough for a match; weaker candidates are shown, and not kept."""
    return evidence is not None and evidence.strength in STRENGTHS


def key_of(record_id: UUID) -> UUID:
    """Return what stands for a record where its id must not: it cannot be turned back into the id."""
    return UUID(bytes=hashlib.blake2b(record_id.bytes, digest_size=16).digest())
