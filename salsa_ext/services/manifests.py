"""A manifest against its permit: each part is of a line, and no more is drawn than is left."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from salsa_ext.articles import Article
from salsa_ext.db import db
from salsa_ext.errors import Coded, say
from salsa_ext.matching import marks
from salsa_ext.models import PermitLine
from salsa_ext.readmodels import names
from salsa_ext.services.fields import Problems
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.permits import Bulk, ShipmentData

Lines = dict[tuple[UUID, int], PermitLine]


def locked_lines(permit_ids: set[UUID]) -> Lines:
    """Return the lines of permits, locked in order until the end."""
    locked = select(PermitLine).where(PermitLine.permit_id.in_(permit_ids))
    locked = locked.order_by(PermitLine.permit_id, PermitLine.line).with_for_update()
    return {
        (line.permit_id, line.line): line
        for line in db.session.scalars(locked.execution_options(populate_existing=True))
    }


def with_categories(
    batch: Sequence[tuple[UUID, ShipmentData]], lines: Lines
) -> list[tuple[UUID, ShipmentData]]:
    """Return the batch with items that name no category in that of their permit's line."""

    def of_line(permit_id: UUID, item: Firearm) -> Firearm:
        line = lines.get((permit_id, item.line))
        return replace(item, category=item.category or (line.category if line else "firearm"))

    return [
        (permit_id, replace(data, items=tuple(of_line(permit_id, item) for item in data.items)))
        for permit_id, data in batch
    ]


def check_parts(permit_id: UUID, data: ShipmentData, lines: Lines) -> None:
    """Raise Invalid unless every part is of a line, and every firearm stands once, by its serial.

    An antique is no firearm of the Convention (CIFTA I), and a part need not have a serial.
    """
    problems = Problems()
    first: dict[Hashable, int] = {}
    for index, item in enumerate(data.items):
        line = _line_of(problems, f"items.{index}", permit_id, item, lines)
        _check_category(problems, f"items.{index}.category", item, line)
        if item.category == "firearm" and not (item.serial or item.antique):
            problems.add(f"items.{index}.serial",
                         say("A firearm is shipped under its serial (Model Regulations 2.2.2)."),
                         Article.SERIALS)  # fmt: skip
        if line and (gun := _identity(item, line)) and first.setdefault(gun, index) != index:
            problems.add(f"items.{index}.serial",
                         say("This serial stands at {first} already, on the same line and of the same make.",
                             first=f"items.{first[gun]}"))  # fmt: skip
    for index, lot in enumerate(data.bulk):
        _line_of(problems, f"bulk.{index}", permit_id, lot, lines)
    problems.raise_any()


def _line_of(
    problems: Problems, path: str, permit_id: UUID, part: Firearm | Bulk, lines: Lines
) -> PermitLine | None:
    line = lines.get((permit_id, part.line))
    if line is None:
        problems.add(f"{path}.line", say("The permit has no line {line}; an item names the line of the"
                                         " permit that it belongs to.", line=part.line))  # fmt: skip
    return line


def _check_category(problems: Problems, path: str, item: Firearm, line: PermitLine | None) -> None:
    if line and item.category != line.category:
        problems.add(path, say("Line {line} of the permit is of the category {category}: leave the category"
                               " out, or name the line that this item belongs to.", line=line.line,
                               category=Coded("category", line.category)))  # fmt: skip


def _identity(item: Firearm, line: PermitLine) -> Hashable:
    """Return what only one gun of a manifest has: line, make and serial.

    Makers number each model anew, so a serial stands again on another line. None without a serial
    that can be read.
    """
    make = item.make or line.make_text
    key = marks.key(item.serial) if item.serial else None
    return (item.line, names.resolve("make", make) or make, key.norm) if key else None
