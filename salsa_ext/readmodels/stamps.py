"""What stands on every gun of a kind: its calibre, model, type and make tell no gun apart."""

from __future__ import annotations

import re
from typing import Final

from salsa_ext.matching import marks
from salsa_ext.matching.names import fold
from salsa_ext.readmodels import names
from salsa_ext.values.firearms import Mark
from salsa_ext.values.inquiries import Query

FREE: Final = frozenset(("state", "other"))  # kinds of which the text can be anything
LONGEST: Final = 6  # words of a name, with its label
SHORTEST: Final = 3  # letters of a make or type beside a number
_LABEL: Final = r"cal|calib\w+|mod|model\w*"
_GLUED: Final = re.compile(rf"\b({_LABEL})[.:]*(?=\.?\d)", re.IGNORECASE)


def tells_apart(mark: Mark, query: Query) -> bool:
    """Tell whether a mark tells a gun from others once the names of its kind are taken out."""
    if mark.kind == "manufacture" and is_name(mark.text, query.model):
        return False
    free = mark.kind in FREE
    text = _without_names(mark.text, query.model) if free else mark.text
    return marks.tells_apart(mark.kind, mark.text) and marks.tells_apart(mark.kind, text)


def is_name(text: str, model: str | None) -> bool:
    """Tell a serial that is nothing but names of a kind: `.38 SPECIAL`, `TAURUS`; no number alone.

    Four digits in a row may be the gun's own, whatever stands beside them.
    """
    if not any(map(str.isalpha, text)) or re.search(r"\d{4}", text):
        return False
    if glued := re.fullmatch(rf"({_LABEL})[.:]*(\d+)", text.strip(), re.IGNORECASE):
        return names.resolve("calibre", glued[2]) is not None
    return bool(marks.readable(marks.normalise(text))) and not _without_names(text, model)


def _without_names(text: str, model: str | None) -> str:
    """Take out the longest names first, wherever they stand."""
    words = re.findall(r"[^\s,;:()]+", _GLUED.sub(r"\1 ", text))
    left, at = [], 0
    is_numbered = any(map(str.isdigit, words))
    while at < len(words):
        longest = range(min(LONGEST, len(words) - at), 0, -1)
        taken = next(
            (n for n in longest if _is_name(words[at : at + n], model, is_numbered=is_numbered)), 0
        )
        if not taken:
            left.append(words[at])
        at += taken or 1
    return " ".join(left)


def _is_name(words: list[str], model: str | None, *, is_numbered: bool) -> bool:
    """Tell a name, or a label with whatever word it names: the tables hold no models.

    One or two letters beside a bare number are the prefix of a serial, though they stand for a type
    or a make elsewhere: `R 380` is no rifle of that calibre.
    """
    if re.fullmatch(_LABEL, words[0].rstrip("."), re.IGNORECASE):
        words = words[1:]
        if len(words) < 2:
            return True
    text = " ".join(words)
    if model and fold("model", text) == fold("model", model):
        return True
    if names.resolve("calibre", text):
        return True
    is_prefix = is_numbered and len(text) < SHORTEST
    return not is_prefix and any(names.resolve(kind, text) for kind in ("type", "make"))
