"""What spreadsheets do to a serial: told by its form, never undone."""

from __future__ import annotations

import re
from typing import Final

_MONTH: Final = (
    "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez"
    "|janv|f[eé]vr?|mars|avr|juin|juil|ao[uû]t|d[eé]c"
)
_SIGNS: Final = r"[-/. ]"
_TIME: Final = r"(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?"
_FORMS: Final = {
    "error": r"#(?:[A-ZÀ-Ú¡¿/]{2,12}|DIV/0)[!?]|#N/[AD]|Err:\d{3}",
    "width": r"#{4,}",
    "scientific": r"[+-]?\d(?:[.,]\d+)?E\+\d{1,3}|[+-]?\d[.,]\d+E-?\d{1,3}",
    "date": rf"\d{{1,2}}{_SIGNS}(?:{_MONTH})\.?(?:{_SIGNS}\d\d(?:\d\d)?)?"
            rf"|(?:{_MONTH}){_SIGNS}(?:\d\d|(?:19|20)\d\d)"
            rf"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d{_TIME}"
            rf"|(?:19|20)\d\d[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01]){_TIME}",
    "number": r"[+-]?\d+[.,]\d+|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?",
    "precision": r"[1-9]\d{14}0+",
}  # fmt: skip
_WHOLE: Final = {code: re.compile(form, re.IGNORECASE) for code, form in _FORMS.items()}
_ENCODING: Final = re.compile("�|Ã[\x80-\xbf]|Â[\x80-\xbf]|ï¿½|_x[0-9A-F]{4}_")
_WIDTHS: Final = frozenset((255, 256, 32_767))  # characters at which columns and cells are cut
GONE: Final = frozenset(("error", "width"))  # of these not one glyph is left
CODES: Final = frozenset((*_FORMS, "cut", "encoding"))


def damage_of(text: str) -> str | None:
    """Return how the form of a cell or mark says that a program changed it, or None.

    `error` and `width` stand for a value that is gone; `scientific`, `date`, `number` (thousands
    or decimals) and `precision` (noughts after fifteen digits) were a number to it; `cut` lost its
    end and `encoding` its accents. Leading zeros that are lost leave no trace, and `4-Jul` may be
    a mark: what a flag says is that somebody should look at the source.
    """
    for code, form in _WHOLE.items():
        if form.fullmatch(text):
            return code
    if _ENCODING.search(text):
        return "encoding"
    return "cut" if len(text) in _WIDTHS or _is_open(text) else None


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")") or text.count("[") > text.count("]")
