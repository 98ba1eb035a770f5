"""Bodies of documents as HTTP has them: fields written by path, and what every file leaves out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, Final

from importers.reading.cells import is_no_value
from importers.subjects import Path, Subject, is_gun
from salsa_ext.core.errors import Message, message
from salsa_ext.core.fields import Member, members
from salsa_ext.firearms.marks.cell_reading import read_cell
from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial
from salsa_ext.firearms.marks.keys import latin_letters
from salsa_ext.firearms.marks.other_texts import find_damage
from salsa_ext.reference import names

MAX_SERIAL: Final = 64
SHORT_SERIAL: Final = re.compile(r"[A-Z]{2}")
LEAST_GLYPHS: Final = 4
"""Letters and digits of a serial that is not odd."""
ELSEWHERE: Final = re.compile(
    r"(vide|ver|v[eé]ase|voir|see|cf)\b.*|((consta|figura) )?(en|na|in|dans les) (obs|rem|not)\w*\.?",
    re.IGNORECASE,
)
"""A cell in the place of a serial that points to the remarks."""
SERIAL_OF_NOTE: Final = re.compile(
    r"\b(?:s[eé]rie|serial|numera(?:ci[oó]n|[cç][aã]o)|matr[ií]cula|matricule)(?: (?:number|no|n[º°o]))?[.: ]*"
    r"((?=[A-Z.-]*\d)[A-Z0-9](?:[A-Z0-9-]|\.(?=\d)){2,})\b",
    re.IGNORECASE,
)
RESTORING: Final = "(?:restor|raised|reveal|revel|r[ée]v[ée]l|restaur|restitu|reaviv|raviv|regener)"
NUMBER: Final = r"[A-Z0-9?*.-]*\d[A-Z0-9?*.-]*(?<!\.)(?![\w/])"
RESTORED_OF_NOTE: Final = re.compile(
    rf"\b(?:{RESTORING}|r[eé]cup[eé]r(?=\D*(?:lab|p[eé]r[ií][ct]|expert|exam)))[^\W\d]*"
    rf"[^\d;,()]{{0,40}}?{NUMBER}|(?<![\w/.-]){NUMBER} {RESTORING}[^\W\d]*",
    re.IGNORECASE,
)
"""Words for a restored number in the remarks, before or behind it."""
BRACKET: Final = re.compile(r"\([^()\d]+\)\s*$")
LETTERS: Final = re.compile(r"(?<!\w)([^\W\d_]{3,})(?!\w)")
NUMBER_AND_COUNTRY: Final = re.compile(r"((?=\S*\d)[A-Z0-9?*-]{4,})[ ,]+([^\W\d_][^\d]{2,})")
CONTROLLED: Final = ("frame", "receiver", "lower_receiver")
"""Parts whose number is the serial of the gun, where others have numbers, too."""
STAR: Final = re.compile(r"(?<=[A-Z0-9?]) ?\*(?=\s*(?:$|[,;/\n)]))", re.IGNORECASE)
"""Behind a serial: a laboratory restored it, where a file says so."""
DAMAGED: Final = message("A spreadsheet destroyed the number. Look it up in the paper.")
POINTING: Final = message("The cell points to the remarks, and no number is found there.")
SHORT: Final = message("The number is shorter than serial numbers are.")


def write_field(body: dict[str, Any], path: Path, value: Any) -> None:
    """Write a value into a body; a list of objects has one entry a row."""
    for member in path[:-1]:
        inner = body.setdefault(member.key, [{}] if member.is_many else {})
        body = inner[0] if member.is_many else inner
    body[path[-1].key] = value


def write_constants(body: dict[str, Any], constants: Iterable[tuple[Path, Any]]) -> None:
    """Write constants; one of an optional object only where a cell gave the object something."""
    for path, value in constants:
        if len(path) > 1 and path[0].is_optional and path[0].key not in body:
            continue
        if _get(body, path) is None:
            write_field(body, path, value)


def _get(body: Any, path: Path) -> Any:
    for member in path:
        if isinstance(body, list):
            body = body[0] if body else None
        body = body.get(member.key) if body else None
    return body


def complete(body: dict[str, Any], cls: type, state: str) -> None:
    """Fill in what every file leaves out: the own country, empty lists, the kind of a party, the day."""
    if "occurred_at" in body:
        body.setdefault("occurred_on", body["occurred_at"][:10])
    for member, default in _completed(cls):
        key = member.key
        if not member.is_nested:
            body.setdefault(key, state if key == "country" else default)
            continue
        if default is not None:
            body.setdefault(key, [{}] if member.is_many else {})
        inner = body.get(key)
        if inner is not None:
            for each in inner if member.is_many else (inner,):
                complete(each, member.type, body.get(COUNTRIES.get(key, ""), state))


@cache
def _completed(cls: type) -> list[tuple[Member, Any]]:
    """Return the fields that are filled in, with what; of an object, with whether it is needed."""
    completed: list[tuple[Member, Any]] = []
    for member in members(cls):
        is_needed = member.default is MISSING
        if member.is_nested and (is_needed or _completed(member.type)):
            completed.append((member, True if is_needed else None))
        elif is_needed and (member.key == "country" or member.key in DEFAULTS):
            completed.append((member, DEFAULTS.get(member.key)))
        elif is_needed and "individual" in member.limits.choices:
            completed.append((member, "other"))
    return completed


COUNTRIES: Final = {
    "exporter": "exporting_state",
    "importer": "importing_state",
    "final_consignee": "importing_state",
}
"""The field with the country of a party that no column gives one."""
DEFAULTS: Final[Mapping[str, Any]] = {"legal_grounds": [], "crime_context": ["unknown"]}


def guns_of(body: Mapping[str, Any], subject: Subject) -> list[dict[str, Any]]:
    """Return the guns of a body, none of goods in bulk."""
    if subject.lists and not is_gun(subject.lists[0].type):
        return []
    single = [body["firearm"]] if "firearm" in body else []
    return body.get(subject.items, []) if subject.items else single


def interpret_guns(
    body: dict[str, Any], subject: Subject, *, is_starred: bool = False, unread: str = ""
) -> Iterator[tuple[Message, str]]:
    """Read words in the place of serials and makes, and the category of a type; number lines.

    Yields what is odd about a serial, and its cell. `is_starred`: a star means restored.
    Signs in `unread` are one unread character each.
    """
    guns = guns_of(body, subject)
    for line, gun in enumerate(guns, 1):
        if subject.has_own_lines:
            gun["line"] = line
        if names.find_placeholder("make", gun.get("make") or "") == "craft":
            del gun["make"]
            gun.setdefault("origin_kind", "craft")
        cell = gun.get("serial")
        if cell and unread and any(map(str.isdigit, cell)) and not _is_prose(cell):
            cell = gun["serial"] = _mark_unread(cell, unread)
        if cell and is_starred and STAR.search(cell):
            gun |= {"serial": STAR.sub("", cell), "marking": "restored"}
        if cell:
            gun["serial"] = _without_country(gun["serial"])
        write_marks_of_words(gun, _serial_of(gun, body, is_alone=len(guns) == 1) or "")
        serial = gun.get("serial")
        if serial and (marking := _marking_without_serial(serial)):
            if marking != "unknown" or gun.get("marking") in (None, "intact"):
                gun["marking"] = marking
            del gun["serial"]
            if any(map(str.isalpha, serial)) and marking_instead_of_serial(serial) is None:
                add_note(body, serial)
        elif serial and (latin := latin_letters(serial)) != serial:
            gun |= {"serial": latin, "marks": [{"kind": "manufacture", "text": serial}]}
        elif serial and len(serial) > MAX_SERIAL:
            add_note(body, gun.pop("serial"))
        elif not serial and gun.get("marking") == "intact":
            gun["marking"] = "unknown"
        category = names.type_category(names.resolve("type", gun.get("type")))
        if category and category != "firearm":
            gun.setdefault("category", category)
        if cell and (odd := _oddity(cell, gun.get("serial"))):
            yield odd, cell


def _mark_unread(cell: str, unread: str) -> str:
    """Write `?` for each unread sign, but in words: `HPH18x (revelado em exame)`."""
    pieces = LETTERS.split(cell)
    for at, piece in enumerate(pieces):
        is_word = at % 2 and any(glyph.islower() and glyph not in unread for glyph in piece)
        pieces[at] = piece if is_word else re.sub(f"[{re.escape(unread)}]", "?", piece)
    return "".join(pieces)


def _without_country(cell: str) -> str:
    """Return a number without the country behind it: `UZF4096 USA`."""
    match = NUMBER_AND_COUNTRY.fullmatch(cell)
    return match[1] if match and names.find_state(match[2]) else cell


def _is_prose(cell: str) -> bool:
    """Return whether words are in the place of a serial, or point to the remarks."""
    return marking_instead_of_serial(cell) is not None or ELSEWHERE.fullmatch(cell) is not None


def _oddity(cell: str, serial: str | None) -> Message | None:
    """Return what is odd about the serial that a cell became."""
    if find_damage(cell) in ("scientific", "precision", "error", "width", "date"):
        return DAMAGED
    if not serial:
        return POINTING if ELSEWHERE.fullmatch(cell) else None
    texts = [mark.text for mark in read_cell(serial).marks] or [serial]
    glyphs = [each for each in texts if not {*"?*["} & {*each}]
    if any(sum(map(str.isalnum, each)) < LEAST_GLYPHS for each in glyphs):
        return SHORT
    return None


def _serial_of(gun: dict[str, Any], body: Mapping[str, Any], *, is_alone: bool) -> str | None:
    """Return the serial of a gun, from the remarks where its cell points to them or is of a lost one."""
    cell = gun.get("serial") or ""
    notes = f"{gun.get('note') or ''}; {body.get('note') or ''}"
    is_lost = is_alone and marking_instead_of_serial(cell) in ("obliterated", "altered")
    is_elsewhere = ELSEWHERE.fullmatch(cell) is not None
    if is_lost or is_elsewhere:
        restored = {*_restored_serials(notes)}
        serials = restored or ({*SERIAL_OF_NOTE.findall(notes)} if is_elsewhere else set())
        if len(serials) == 1:
            gun |= {"serial": max(serials)} | ({"marking": "restored"} if restored else {})
    return gun.get("serial")


def _restored_serials(notes: str) -> Iterator[str]:
    """Yield the numbers that a laboratory restored: `Lab restored 407136`, `revelado KRK1`."""
    for match in RESTORED_OF_NOTE.finditer(notes):
        marks, marking, remarks, damage = read_cell(match[0])
        number = marks[0].text if len(marks) == 1 else ""
        is_whole = re.fullmatch(r"(?!(19|20)\d\d$)[\w?*.-]{4,}", number) is not None
        if is_whole and marking == "restored" and not remarks and not damage:
            yield number


def write_marks_of_words(gun: dict[str, Any], cell: str) -> None:
    """Write the marks of a cell with words that are all understood: `Cano ARS981425, armação HFF459180`."""
    marks, marking, remarks, damage = read_cell(cell)
    is_clear = len(marks) == 1 or all(mark.part for mark in marks)
    if marking == "restored" and BRACKET.search(cell):
        remarks = ()  # (revelado em exame): its other words are no number
    if not marks or remarks or damage or not is_clear or marks[0].text == cell:
        return
    main = min(marks, key=lambda mark: mark.part not in CONTROLLED)
    gun["serial"] = main.text
    if marking and gun.get("marking") in (None, "intact", "unknown"):
        gun["marking"] = marking
    for mark in marks:
        if mark.part:
            of_part = {"kind": "manufacture", "text": mark.text, "location": mark.part}
            gun.setdefault("marks", []).append(of_part)


def add_note(body: dict[str, Any], text: str) -> None:
    """Write a text behind the remarks of a document."""
    body["note"] = "; ".join(filter(None, (body.get("note"), text)))[:2000]


def _marking_without_serial(cell: str) -> str | None:
    """Return the marking of a cell without a serial: words, zeros, a number in powers of ten."""
    reading = read_cell(cell)
    if reading.marks and reading.damage != "scientific":
        return None
    if SHORT_SERIAL.fullmatch(cell) and not is_no_value(cell):
        return None  # of two letters nobody says that they are words
    return reading.marking or "unknown"
