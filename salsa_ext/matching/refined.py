"""Readings of one mark of which a later one says more: the coarser fits other guns too; pure."""

from __future__ import annotations

from collections.abc import Iterable

from salsa_ext.matching.marks import UNREADABLE, key, normalise
from salsa_ext.matching.nearness import compare


def coarser(texts: Iterable[str]) -> set[str]:
    """Return those of a gun's serials that were read in part, and by another of them in full.

    `TKA5238?` is, beside `TKA52387`: it would find TKA52381 too.
    """
    given = set(texts)
    partly = {text for text in given if any(sign in text for sign in (*UNREADABLE, "["))}
    if not partly:
        return set()
    whole = [found.norm for text in given if (found := key(text))]
    return {text for text in partly if key(text) is None and _is_met(normalise(text), whole)}


def _is_met(norm: str, whole: Iterable[str]) -> bool:
    found = (compare(one, norm) for one in whole)
    return any(near is not None and near.kind == "unread" for near in found)
