"""Numbers that may be several calibres, told apart by the rest of a gun; pure but for reference names."""

import re
from collections.abc import Mapping
from typing import Any, Final

from importers.reading.cells import is_no_value
from importers.reading.tables import fold
from salsa_ext.reference import names

METRIC: Final = re.compile(r"\d{1,2}[.,]\d\d(?: ?mm)?", re.IGNORECASE)
ZERO: Final = re.compile(r"^0[.,](\d{1,3})(?!\d)")
"""Inches with the zero that a spreadsheet gave and the one it took: `0.4` is `.40`."""
WORDS: Final = re.compile(r"[^\W\d_]{2,}")


def complete_calibre(gun: dict[str, Any], values: Mapping[str, str]) -> str:
    """Give a gun the calibre that its type or model tells; return the text to ask about, if any.

    `7.62` of a FAL is 7.62x51. `7.65` of a pistol is asked about as `7.65 pistola`, for that of a
    rifle is another. `values` are what a person said of texts, folded.
    """
    text, kind = gun.get("calibre") or "", gun.get("type") or ""
    if text:
        gun["calibre"] = ZERO.sub(lambda match: f".{match[1]:0<2}", text)
    code = names.resolve("type", kind)
    if not text or names.resolve("calibre", text, code):
        return ""
    question = f"{text} {kind}" if code and _is_ambiguous(text) else text
    for word in WORDS.findall(gun.get("model") or "") if METRIC.fullmatch(text) else ():
        if known := names.resolve("calibre", f"{text} {word}"):
            gun["calibre"] = names.display_name("calibre", known, "en")
            return ""
    means = values.get(fold(question), "")
    if is_no_value(means) and means:
        del gun["calibre"]
    elif means:
        gun["calibre"] = text if means == question else means
    return "" if means else question


def _is_ambiguous(text: str) -> bool:
    return any(each.how == "usual" for each in names.find_candidates("calibre", text))
