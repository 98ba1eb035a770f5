"""Validate the firearms of a document; problems are collected by path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from salsa_ext.core.errors import CodeLabel, Message, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.firearms.marks import reading
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
        problems.add(
            f"{at}.quantity",
            message("One serial is one piece: the quantity must be 1; write a line for each."),
        )
    _check_brackets(problems, at, firearm)
    if firearm.quantity <= 0:
        problems.add(f"{at}.quantity", message("The quantity must be above zero."))
    _check_hs_code(problems, f"{at}.hs_code", firearm)
    expected = names.type_category(names.resolve("type", firearm.type))
    if expected and expected != firearm.category:
        belongs = CodeLabel("category", expected)
        said = message(
            "A {type} is of the category {category}.", type=firearm.type, category=belongs
        )
        problems.add(f"{at}.category", said)


def bracket_problem(text: str) -> Message | None:
    """Return a message for a stray bracket in a mark, or None."""
    place = reading.find_stray_bracket(text)
    if place is None:
        return None
    return message(
        "The bracket at character {place} has no partner: write [8B] for a character that may be 8 or B,"
        " and ? for one that cannot be read.",
        place=place,
    )


def _check_brackets(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check for stray brackets in marks that identify the gun.

    No other mark would ever agree with such a mark.
    """
    told = [(f"{at}.serial", firearm.serial)] + [
        (f"{at}.marks.{index}.text", mark.text)
        for index, mark in enumerate(firearm.marks)
        if mark.kind in IDENTIFYING_KINDS
    ]
    for path, text in told:
        if text and (wrong := bracket_problem(text)):
            problems.add(path, wrong)


def check_identified(problems: Problems, at: str, firearm: Firearm) -> None:
    """Check that a firearm has a mark, or at least type or make."""
    told = {name: getattr(firearm, name) for name in IDENTIFYING_FIELDS}
    if names.resolve("type", firearm.type) == UNKNOWN_TYPE:
        told["type"] = None
    if firearm.category == "firearm" and not any(told.values()):
        problems.add(
            f"{at}.serial",
            message("Say which gun it is: by its serial number, or at least by its type or make."),
        )


def _check_hs_code(problems: Problems, path: str, firearm: Firearm) -> None:
    """Check that an HS code fits the goods' category (Model Regulations 2.2.1)."""
    if firearm.hs_code is None:
        return
    known = hs_headings(firearm.category)
    if hs_heading(firearm.hs_code) not in known:
        problems.add(
            path,
            message(
                "{code} is no code of the Harmonized System for these goods; theirs begin with"
                " {headings}, as in 9302.00.",
                code=firearm.hs_code,
                headings=", ".join(known),
            ),
        )


def check_unique_lines(problems: Problems, path: str, firearms: Sequence[Firearm]) -> None:
    """Check that each line number is used once."""
    seen: set[int] = set()
    for index, firearm in enumerate(firearms):
        if firearm.line in seen:
            problems.add(
                f"{path}.{index}.line", message("Line {line} appears twice.", line=firearm.line)
            )
        seen.add(firearm.line)


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
    found = HS_CODE.fullmatch(code)
    return found[1] if found else None


def hs_headings(category: str | None) -> tuple[str, ...]:
    """Return the HS headings of a category; chapter 93 if unknown.

    Chapter 93 is arms and ammunition; explosives of chapter 36 may be declared there too.
    """
    everywhere = tuple(f"93{number:02}" for number in range(1, 8))
    return HS_HEADINGS.get(category or "", everywhere)
