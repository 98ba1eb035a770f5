"""How names of makes, calibres and types are compared, before any resolver."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)  # a file repeats a few names thousands of times
def fold(kind: str, text: str) -> str:
    """Return what is compared: no case, accents or spaces; for calibres the signs that count stay."""
    plain = "".join(
        glyph
        for glyph in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(glyph)
    )
    if kind == "calibre":
        return re.sub(r"[^0-9a-z./\-]", "", plain.replace("×", "x").replace(",", ".")).rstrip(".")
    return re.sub(r"[^0-9a-z]", "", plain)


def key(name: str) -> bytes:
    """Return what a person or firm is found by, where the name itself must not stand.

    128 bits of BLAKE2b over the folded name: equal for writings that differ in case, accents,
    blanks and points alone. It keeps a name out of sight, not from who guesses it; a secret key
    would, and be one more secret that each installation has to keep and no state could renew.
    """
    # what has no Latin letter or digit at all is compared as it is written
    folded = fold("name", name) or unicodedata.normalize("NFKC", name).casefold().strip()
    return hashlib.blake2b(folded.encode(), digest_size=16, person=b"salsa-name").digest()
