"""How names of makes, calibres and types are compared, before any resolver."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})


@lru_cache(maxsize=4_000)  # a file repeats a few names thousands of times
def fold(kind: str, text: str) -> str:
    """Return what is compared: no case, accents or spaces; for calibres the signs that count stay."""
    plain = "".join(
        glyph
        for glyph in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(glyph)
    )
    if kind == "calibre":
        return re.sub(r"[^0-9a-z./\-]", "", plain.replace("×", "x").replace(",", ".")).rstrip(".")
    if kind == "make":  # makers' names stand on guns in other scripts too
        return re.sub(r"[\W_]", "", plain.translate(_LETTERS))
    return re.sub(r"[^0-9a-z]", "", plain)


@lru_cache(maxsize=4_000)
def words(text: str) -> tuple[str, ...]:
    """Return the words of a name without case, accents and signs; S.A. is one word."""
    plain = unicodedata.normalize("NFKD", re.sub(r"['’]", "", text.casefold()))
    plain = "".join(glyph for glyph in plain if not unicodedata.combining(glyph)).translate(
        _LETTERS
    )
    return tuple(re.findall(r"[^\W_]+", re.sub(r"\b(\w)\.(?=\w\b)", r"\1", plain)))


def key(name: str) -> bytes:
    """Return what a person or firm is found by, where the name itself must not stand.

    128 bits of BLAKE2b over the folded name: equal for writings that differ in case, accents,
    blanks and points alone. It keeps a name out of sight, not from who guesses it; a secret key
    would, and be one more secret that each installation has to keep and no state could renew.
    """
    # what has no Latin letter or digit at all is compared as it is written
    folded = fold("name", name) or unicodedata.normalize("NFKC", name).casefold().strip()
    return hashlib.blake2b(folded.encode(), digest_size=16, person=b"salsa-name").digest()
