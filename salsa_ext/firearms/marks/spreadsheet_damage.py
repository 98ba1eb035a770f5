"""Damage that spreadsheets do to serials: dates, rounding, cut ends."""

from __future__ import annotations

import re
from typing import Final

MONTHS: Final = (
    "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez"
    "|janv|f[eé]vr?|mars|avr|juin|juil|ao[uû]t|d[eé]c"
)
_DATE_SIGNS: Final = r"[-/. ]"
_TIME: Final = r"(?:[ T]\d{1,2}:\d\d(?::\d\d)?)?"
_DAMAGE_FORMS: Final = {
    "error": r"#(?:[A-ZÀ-Ú¡¿/]{2,12}|DIV/0)[!?]|#N/[AD]|Err:\d{3}",
    "width": r"#{4,}",
    "scientific": r"[+-]?\d(?:[.,]\d+)?E\+\d{1,3}|[+-]?\d[.,]\d+E-?\d{1,3}",
    "date": rf"\d{{1,2}}{_DATE_SIGNS}(?:{MONTHS})\.?(?:{_DATE_SIGNS}\d\d(?:\d\d)?)?"
    rf"|(?:{MONTHS}){_DATE_SIGNS}(?:\d\d|(?:19|20)\d\d)"
    rf"|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:19|20)\d\d{_TIME}"
    rf"|(?:19|20)\d\d[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01]){_TIME}",
    "number": r"[+-]?\d+[.,]\d+|\d{1,3}(?:[.,]\d{3})+(?:[.,]\d+)?",
    "precision": r"[1-9]\d{14}0+",
}
_DAMAGE_PATTERNS: Final = {
    code: re.compile(form, re.IGNORECASE) for code, form in _DAMAGE_FORMS.items()
}
_BROKEN_ENCODING: Final = re.compile("�|Ã[\x80-\xbf]|Â[\x80-\xbf]|ï¿½|_x[0-9A-F]{4}_")
_CUT_LENGTHS: Final = frozenset((255, 256, 32_767))  # characters at which columns and cells are cut
LOST_VALUE_CODES: Final = frozenset(("error", "width"))  # of these not one glyph is left


def find_damage(text: str) -> str | None:
    """Return the code of spreadsheet damage to a cell, or None.

    `error`, `width`: the value is lost. `scientific`, `date`, `number` (thousands or decimals),
    `precision` (zeros after fifteen digits): converted as a number. `cut`: the end is lost;
    `encoding`: accents are lost. Lost leading zeros leave no trace, and `4-Jul` may be a mark: the
    flag asks to look at the source. Damage is reported, never undone.
    """
    for code, form in _DAMAGE_PATTERNS.items():
        if form.fullmatch(text):
            return code
    if _BROKEN_ENCODING.search(text):
        return "encoding"
    is_open = any(text.count(opening) > text.count(closing) for opening, closing in ("()", "[]"))
    return "cut" if is_open or len(text) in _CUT_LENGTHS else None
