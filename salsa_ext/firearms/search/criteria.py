"""Search criteria of a query: its marks and its description."""

import re
from dataclasses import replace
from typing import Final

from salsa_ext.access.release import FINDER_VISIBILITIES
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.core.text import CONTROL_CHARACTERS
from salsa_ext.firearms.marks import cell_reading, firearm_marks, keys, variants
from salsa_ext.firearms.marks.values import Mark, Query
from salsa_ext.firearms.marks.variants import MIN_INNER_PIECE
from salsa_ext.firearms.records.event_kinds import year_of_manufacture
from salsa_ext.firearms.search.evidence import Description
from salsa_ext.firearms.search.values import MarkHit, SearchMark
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.reference.placeholders import read_placeholder

FREE_TEXT_KINDS: Final = frozenset(("state", "other"))  # kinds of which the text can be anything
MAX_NAME_WORDS: Final = 6  # words of a name, with its label
MIN_NAME_LETTERS: Final = 3  # letters of a make or type next to a number
_NAME_LABEL: Final = r"cal|calib\w+|mod|model\w*"
_GLUED_LABEL: Final = re.compile(rf"\b({_NAME_LABEL})[.:]*(?=\.?\d)", re.IGNORECASE)


def is_identifying_mark(mark: Mark, query: Query) -> bool:
    """Return whether a mark identifies a gun without product names."""
    if mark.kind == "lot":
        return not firearm_marks.is_words(mark.text)
    if mark.kind == "manufacture" and is_product_name(mark.text, query.model):
        return False
    free = mark.kind in FREE_TEXT_KINDS
    text = _remove_product_names(mark.text, query.model) if free else mark.text
    return keys.is_identifying(mark.kind, mark.text) and keys.is_identifying(mark.kind, text)


def is_product_name(text: str, model: str | None) -> bool:
    """Return whether a serial is only product names: `.38 SPECIAL`, `TAURUS`."""
    if not any(map(str.isalpha, text)) or re.search(r"\d{4}", text):
        return False
    if glued := re.fullmatch(rf"({_NAME_LABEL})[.:]*(\d+)", text.strip(), re.IGNORECASE):
        return names.resolve("calibre", glued[2]) is not None
    return bool(keys.count_readable(keys.normalise(text))) and not _remove_product_names(
        text, model
    )


def _remove_product_names(text: str, model: str | None) -> str:
    """Remove the longest product names first."""
    words = re.findall(r"[^\s,;:()]+", _GLUED_LABEL.sub(r"\1 ", text))
    is_numbered = any(map(str.isdigit, words))
    left, at = [], 0
    while at < len(words):
        for length in range(min(MAX_NAME_WORDS, len(words) - at), 0, -1):
            if _is_product_phrase(words[at : at + length], model, is_numbered=is_numbered):
                break
        else:
            left.append(words[at])
            length = 1
        at += length
    return " ".join(left)


def _is_product_phrase(words: list[str], model: str | None, *, is_numbered: bool) -> bool:
    """Return whether words are a name, or a label with its name."""
    if re.fullmatch(_NAME_LABEL, words[0].rstrip("."), re.IGNORECASE):
        words = words[1:]
        if len(words) < 2:
            return True
    text = " ".join(words)
    if model and fold_name("model", text) == fold_name("model", model):
        return True
    if names.resolve("calibre", text):
        return True
    is_prefix = is_numbered and len(text) < MIN_NAME_LETTERS
    return not is_prefix and any(names.resolve(kind, text) for kind in ("type", "make"))


MIN_READABLE, MAX_SERIAL = 3, 64
ROLE_BY_KIND = {"manufacture": "serial", "confiscation": "confiscation", "lot": "lot"}
"""The others are a `mark`."""
MAX_NEAR_MARKS = 5  # marks of one gun; a misread one makes thousands of keys
TOO_LITTLE_READ = message(
    "Too little of this serial can be read for a search. Give {count} characters at its"
    " beginning or end, or {more} in a row, or trace the firearm by its make and import mark.",
    count=MIN_READABLE,
    more=MIN_INNER_PIECE,
)


def serial_problem(text: str) -> Message | None:
    """Return a message if a serial is too long or has control characters."""
    norm = keys.normalise(text)
    if CONTROL_CHARACTERS.search(text) or not norm.isprintable():
        return message(
            "Control characters cannot be part of a serial: give the characters that are stamped on the"
            " gun, and ? for each of them that cannot be read."
        )
    if len(norm) > MAX_SERIAL:
        return message(
            "A serial has at most {count} characters: give the one serial that is stamped on the gun,"
            " and each other mark in a check of its own.",
            count=MAX_SERIAL,
        )
    return None


def check_query(query: Query, path: str = "serial") -> SearchMark:
    """Return the serial as search mark; raises Invalid if unsearchable. The message explains the remedy."""
    if wrong := serial_problem(query.serial) or _search_problem(query):
        raise Invalid({path: [wrong]})
    norm = keys.normalise(query.serial)
    skeleton = keys.skeleton(norm)
    marks = cell_reading.read_cell(query.serial).marks
    # a mark, not words around one
    is_mark = not marks or marks[0].text == query.serial
    is_mark = is_mark or skeleton in [keys.skeleton(keys.normalise(mark.text)) for mark in marks]
    is_whole = keys.whole_key(query.serial) is not None
    value = keys.hash_skeleton(skeleton)
    return SearchMark(norm, value, is_whole=is_whole, is_near=True, is_mark=is_mark)


def _search_problem(query: Query) -> Message | None:
    """Return why too little of a serial is readable, or None."""
    norm = keys.normalise(query.serial)
    if is_product_name(query.serial, query.model):
        return message(
            "“{serial}” is a make, model, calibre or type, which every firearm of its kind"
            " bears. Give the number that only this firearm bears.",
            serial=query.serial,
        )
    if firearm_marks.is_words(query.serial):
        return message(
            "“{serial}” is no mark of a gun. Give the characters that are stamped on the gun, or"
            " trace it by its make and import mark.",
            serial=query.serial,
        )
    if not (count := keys.count_readable(norm)):
        return message(
            "None of this serial can be read. Give {count} of its characters in a row, or"
            " trace the firearm by its make and import mark.",
            count=MIN_READABLE,
        )
    if keys.whole_key(query.serial) is None:
        is_enough = keys.storage_key(query.serial) and variants.search_keys(norm).can_find
        return None if is_enough else TOO_LITTLE_READ
    if count < MIN_READABLE and not (query.make and query.calibre):
        return message(
            "Readable characters of this serial: {found}, as many firearms have. Give {count}"
            " of them, or its make and calibre as well.",
            found=count,
            count=MIN_READABLE,
        )
    return None


def marks_to_search(query: Query, path: str = "serial") -> dict[SearchMark, str]:
    """Return the marks to search for, each with its role; raises Invalid if there are none."""
    known_last = sorted(
        query.marks, key=lambda mark: (mark.kind == "manufacture", mark.kind in ROLE_BY_KIND)
    )
    others: dict[str, tuple[SearchMark, str]] = {}
    for mark in known_last:
        is_serial, is_whole = mark.kind == "manufacture", keys.whole_key(mark.text) is not None
        key = keys.mark_key(mark.kind, mark.text) if is_serial or is_whole else None
        if key is not None and (not is_whole or is_identifying_mark(mark, query)):
            # further serials are searched near too
            searched = SearchMark(key.norm, key.value, is_whole=is_whole, is_near=is_serial)
            others[keys.skeleton(key.norm)] = (searched, ROLE_BY_KIND.get(mark.kind, "mark"))
    marks = []
    try:
        serial = check_query(query, path)
        others.pop(keys.skeleton(serial.norm), None)
        marks.append((serial, "serial"))
    except Invalid:
        if not others:
            raise
    left, limited = MAX_NEAR_MARKS, dict[SearchMark, str]()
    for searched, role in (*marks, *others.values()):
        if not searched.is_near or left:
            limited[searched] = role
        elif searched.is_whole:  # what cannot be read whole has no key of its own
            limited[replace(searched, is_near=False)] = role
        left -= searched.is_near and left > 0
    return limited


def describe_query(query: Query) -> Description:
    """Return the query's description without its marks."""
    # probable codes of fields with uncertain text
    likely, type_code = [], names.resolve("type", query.type)
    for field, kind in (("make", "make"), ("calibre_family", "calibre"), ("type", "type")):
        text = getattr(query, kind)
        if kind == "calibre" and names.resolve(kind, text, type_code):
            continue
        if text and names.resolve(kind, text) is None and (code := names.find_likely(kind, text)):
            family = names.calibre_family(code) if kind == "calibre" else None
            likely.append((field, family or code))
    return with_related_codes(
        Description(
            serial_norm="",  # each of the searched marks has its own
            make=names.resolve("make", query.make),
            calibre_family=names.calibre_family(names.resolve("calibre", query.calibre, type_code)),
            possible_families=names.possible_families(query.calibre, type_code),
            likely=tuple(likely),
            type=names.specific_type(type_code),
            country=query.country,
            year=query.year,
            model=_known_model(query.model),
            reported_year=query.reported_year,
            manufactured_year=year_of_manufacture(query.event, query.year, query.reported_year),
        )
    )


def _known_model(text: str | None) -> str | None:
    """Return a model folded; None for words such as `undetermined`, which agree with nothing."""
    is_named = text and not read_placeholder(text, names.PLACEHOLDER_NOUNS["model"])
    return fold_name("model", text) or None if text and is_named else None


def with_related_codes(description: Description) -> Description:
    """Return the description with codes related to make, calibre, type."""
    return replace(
        description,
        kin=names.related_makes(description.make),
        akin=names.similar_types(description.type),
        related=names.related_families(description.calibre_family),
    )


def describe_hit(hit: MarkHit) -> Description:
    """Return a hit's description; only its mark if the record is not open."""
    if hit.visibility not in FINDER_VISIBILITIES["firearm"]:
        return Description(hit.serial_norm)
    return Description(
        serial_norm=hit.serial_norm,
        make=hit.make,
        calibre_family=names.calibre_family(hit.calibre),
        type=names.specific_type(hit.type),
        country=hit.country,
        year=hit.year,
        model=_known_model(hit.model),
        reported_year=hit.occurred_on.year,
        manufactured_year=year_of_manufacture(hit.event, hit.year, hit.occurred_on.year),
    )
