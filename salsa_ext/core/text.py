"""Checks of free text, spellings of numbers, and official languages of states."""

import re
from decimal import Decimal
from typing import Any, Final
from unicodedata import category, combining, normalize

from salsa_ext.core.errors import Message, message

# a lone surrogate replaces bytes that are no UTF-8, which the database refuses
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
LINE_ENDS = re.compile(r"[\t\n\x80-\x9f\u2028\u2029]")


def strip_invisible(text: str) -> str:
    """Remove blanks and invisible characters from a copied number or hash."""
    return "".join(sign for sign in text if not _is_invisible(sign))


def remove_accents(text: str) -> str:
    """Return text in lower case without accents."""
    return "".join(sign for sign in normalize("NFKD", text.casefold()) if not combining(sign))


def is_blank(text: str) -> bool:
    """True if the text has no visible character."""
    return all(_is_invisible(sign) for sign in text)


def _is_invisible(character: str) -> bool:
    return character.isspace() or category(character) == "Cf"


def text_problem(
    text: str, max_length: int, *, one_line: bool = False, is_required: bool = False
) -> Message | None:
    """Return the problem of a text, or None if it is valid.

    `one_line` also refuses tabs and line ends, as in names. `is_required` changes the message for
    an empty text.
    """
    if text.isprintable() and len(text) <= max_length and not text.isspace() and text:
        return None  # nearly all are: no control character, no line end, not blank
    if CONTROL_CHARACTERS.search(text) or (one_line and LINE_ENDS.search(text)):
        return message("Control characters cannot be part of a text.")
    if is_blank(text):
        return (
            message(
                "Write something here, of {most} characters at most: it cannot be empty.",
                most=max_length,
            )
            if is_required
            else message("This text is empty; leave it out instead.")
        )
    if len(text) > max_length:
        return message("At most {most} characters.", most=max_length)
    return None


ENGLISH: Final = "en"
OFFICIAL_LANGUAGES: Final = (
    dict.fromkeys(
        "ARG BOL CHL COL CRI CUB DOM ECU ESP GTM HND MEX NIC PAN PER PRY SLV URY VEN".split(), "es"
    )
    | dict.fromkeys(("BRA", "PRT"), "pt")
    | dict.fromkeys(("FRA", "HTI"), "fr")
)
"""States whose first official language is es, fr or pt."""


def official_language(state: str) -> str:
    """Return the language of a state's papers; English by default."""
    return OFFICIAL_LANGUAGES.get(state, ENGLISH)


def number_spellings(text: str) -> list[str]:
    """Return the spellings of a number: as typed, in capitals, without separators."""
    typed = text.replace("\0", "").strip()[:100]  # no number has one, nor takes the database it
    bare = typed.upper().replace(" ", "").replace("-", "")
    return [form for form in dict.fromkeys((typed, typed.upper(), bare)) if form]


def format_quantity(quantity: Any) -> str:
    """Return a quantity without trailing zeros or exponent."""
    return f"{Decimal(str(quantity)).normalize():f}"
