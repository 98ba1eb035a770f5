"""Validate the firearms of a document; problems are collected by path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.firearms.marks import cell_reading
from salsa_ext.firearms.marks.keys import IDENTIFYING_KINDS
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.reference import names

UNKNOWN_TYPE: Final = "unknown"
"""The code of the type that says nothing."""
IDENTIFYING_FIELDS: Final = ("serial", "marks", "type", "make", "model", "calibre", "importer_mark")


def check_firearms(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Check each firearm of a document."""
    for index, firearm in enumerate(firearms):
        check_firearm(problems, f"{path}.{index}" if path.endswith("s") else path, firearm)


def check_firearm(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check one firearm: quantity, brackets, HS code, category of its type."""
    if firearm.serial and firearm.quantity != 1:
        problem = message("One serial is one piece: the quantity must be 1; write a line for each.")
        problems.add(f"{at}.quantity", problem)
    # no other mark would ever agree with one that has a stray bracket
    identifying = [(f"{at}.serial", firearm.serial)] + [
        (f"{at}.marks.{index}.text", mark.text)
        for index, mark in enumerate(firearm.marks)
        if mark.kind in IDENTIFYING_KINDS
    ]
    for path, text in identifying:
        if text and (wrong := bracket_problem(text)):
            problems.add(path, wrong)
    if firearm.quantity <= 0:
        problems.add(f"{at}.quantity", message("The quantity must be above zero."))
    headings = () if firearm.hs_code is None else hs_headings(firearm.category)
    if firearm.hs_code is not None and hs_heading(firearm.hs_code) not in headings:
        problem = message(
            "{code} is no code of the Harmonized System for these goods; theirs begin with"
            " {headings}, as in 9302.00.",
            code=firearm.hs_code,
            headings=", ".join(headings),
        )
        problems.add(f"{at}.hs_code", problem)
    expected = names.type_category(names.resolve("type", firearm.type))
    is_part_of = firearm.category == "part" and firearm.part_kind  # the type is of its gun
    if expected and expected != firearm.category and not is_part_of:
        category = CodeLabel("category", expected)
        problem = message(
            "A {type} is of the category {category}.", type=firearm.type, category=category
        )
        problems.add(f"{at}.category", problem)


def bracket_problem(text: str) -> Message | None:
    """Return a message for a stray bracket in a mark, or None."""
    place = cell_reading.find_stray_bracket(text)
    if place is None:
        return None
    return message(
        "The bracket at character {place} has no partner: write [8B] for a character that may be 8 or B,"
        " and ? for one that cannot be read.",
        place=place,
    )


def check_identified(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check that a firearm has a mark, or at least type or make."""
    known = {name: getattr(firearm, name) for name in IDENTIFYING_FIELDS}
    if names.resolve("type", firearm.type) == UNKNOWN_TYPE:
        known["type"] = None
    if firearm.category == "firearm" and not any(known.values()):
        problem = message(
            "Say which gun it is: by its serial number, or at least by its type or make."
        )
        problems.add(f"{at}.serial", problem)


def check_unique_lines(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Check that each line number is used once."""
    lines: set[int] = set()
    for index, firearm in enumerate(firearms):
        if firearm.line in lines:
            problem = message("Line {line} appears twice.", line=firearm.line)
            problems.add(f"{path}.{index}.line", problem)
        lines.add(firearm.line)


HS_CODE: Final = re.compile(r"(\d{4})(\.?\d{2}){0,3}")
HS_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "firearm": ("9301", "9302", "9303", "9304"),
    "destructive_device": ("9301", "9306"),
    "part": ("9305", "9306"),
    "ammunition": ("9306",),
    "explosive": ("3601", "3602", "3603", "9306"),
    "other": ("3604", "9304", "9305", "9306", "9307"),
}


def hs_heading(code: str) -> str | None:
    """Return the heading of a code of four to ten digits, or None."""
    match = HS_CODE.fullmatch(code)
    return match[1] if match else None


def hs_headings(category: str | None) -> tuple[str, ...]:
    """Return the HS headings of a category (Model Regulations 2.2.1); chapter 93 if unknown.

    Chapter 93 is arms and ammunition; explosives of chapter 36 may be declared there too.
    """
    everywhere = tuple(f"93{number:02}" for number in range(1, 8))
    return HS_HEADINGS.get(category or "", everywhere)
