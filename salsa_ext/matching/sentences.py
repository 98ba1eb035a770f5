"""What nearness of marks is called in words, for a serial and for another mark of a gun."""

from __future__ import annotations

from salsa_ext.errors import Message, say
from salsa_ext.matching.nearness import Nearness


def of(near: Nearness, by: str) -> Message:
    """Return the sentence that says how near two marks are."""
    if by != "serial":
        return _of_mark(near)
    if near.kind == "one":
        return _one(near)
    if near.kind == "core":
        return _core(near)
    if near.kind == "same" and near.count:
        return say("The serial can be the same: {count} character(s) of it were read as one of several.",
                   count=near.count)  # fmt: skip
    return {
        "same": say("The serial is the same."),
        "confusable": say("The serial differs in {count} character(s) that are often confused.",
                          count=near.count),
        "two": say("The serial differs by two errors of reading or writing."),
        "unread": say("The serial is the same in the {count} characters that can be read.",
                      count=near.glyphs),
        "unread_one": say("The serial agrees in {count} of the characters that can be read, and one"
                          " differs: {read} here, {held} in the record.",
                          count=near.glyphs, read=near.read, held=near.held),
    }[near.kind]  # fmt: skip


def _core(near: Nearness) -> Message:
    if near.count:
        return say("The serial has the same {count} digits, with more or fewer zeros before them.",
                   count=near.glyphs)  # fmt: skip
    if not near.read:
        return say("The serial has the same {count} digits; the record has letters beside them.",
                   count=near.glyphs)  # fmt: skip
    if not near.held:
        return say("The serial has the same {count} digits; the record has no letters beside them.",
                   count=near.glyphs)  # fmt: skip
    return say("The serial has the same {count} digits, and other letters.", count=near.glyphs)


def _one(near: Nearness) -> Message:
    if near.is_swap:
        return say("Two characters of the serial changed places: {read} here, {held} in the record.",
                   read=near.read, held=near.held)  # fmt: skip
    if not near.held:
        return say("The serial has {read} where the record has nothing.", read=near.read)
    if not near.read:
        return say("The serial lacks the {held} that the record has.", held=near.held)
    return say("One character of the serial differs: {read} here, {held} in the record.",
               read=near.read, held=near.held)  # fmt: skip


def _of_mark(near: Nearness) -> Message:
    if near.kind == "same":
        return say("Another mark of the gun is the same.")
    return say("Another mark of the gun differs in {count} character(s) that are often confused.",
               count=near.count)  # fmt: skip
