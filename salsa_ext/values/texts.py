"""What a text may hold, wherever it comes from."""

from __future__ import annotations

import re
from unicodedata import category

from salsa_ext.errors import Message, say

# a lone half of a character stands for bytes that are no UTF-8, and the database takes none
UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
LINE_ENDS = re.compile(r"[\t\n\x80-\x9f\u2028\u2029]")


def unbroken(text: str) -> str:
    """Return a number or hash as it was before a page broke it: without blanks and invisible characters."""
    return "".join(sign for sign in text if not _is_unseen(sign))


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text is seen: blanks and invisible characters alone."""
    return all(_is_unseen(sign) for sign in text)


def _is_unseen(sign: str) -> bool:
    return sign.isspace() or category(sign) == "Cf"


def wrong_text(
    text: str, most: int, *, one_line: bool = False, is_needed: bool = False
) -> Message | None:
    """Return what is wrong with a text of at most so many characters, or None.

    Tabs and ends of lines are fit for a text, but not for a name: `one_line` refuses them. What
    `is_needed` cannot be left out instead of being empty.
    """
    if UNFIT.search(text) or (one_line and LINE_ENDS.search(text)):
        return say("Control characters cannot be part of a text.")
    if is_blank(text):
        return (say("Write something here, of {most} characters at most: it cannot be empty.", most=most)
                if is_needed else say("This text is empty; leave it out instead."))  # fmt: skip
    if len(text) > most:
        return say("At most {most} characters.", most=most)
    return None
