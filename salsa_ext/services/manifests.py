"""A manifest against its permit: each part is of a line, and no more is drawn than is left."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from salsa_ext.articles import Article
from salsa_ext.db import db
from salsa_ext.errors import Coded, say
from salsa_ext.matching import marks
from salsa_ext.models import PermitLine
from salsa_ext.readmodels import names
from salsa_ext.services.contradictions import Contradictions
from salsa_ext.services.fields import Problems, check_firearm
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.manifests import Manifest
from salsa_ext.values.permits import Bulk, ShipmentData

Lines = dict[tuple[UUID, int], PermitLine]
Quantities = Mapping[tuple[UUID, int], Decimal]


def lines_of(permit_ids: Collection[UUID]) -> Lines:
    """Return the lines of permits as they stand, not locked."""
    return _read(select(PermitLine).where(PermitLine.permit_id.in_(permit_ids)))


def locked_lines(permit_ids: Collection[UUID]) -> Lines:
    """Return the lines of permits, locked in order until the end."""
    wanted = select(PermitLine).where(PermitLine.permit_id.in_(permit_ids))
    return _read(wanted.order_by(PermitLine.permit_id, PermitLine.line).with_for_update())


def _read(wanted: Select[PermitLine]) -> Lines:
    found = db.session.scalars(wanted.execution_options(populate_existing=True))
    return {(line.permit_id, line.line): line for line in found}


def completed(item: Firearm, line: PermitLine) -> Firearm:
    """Return an item with what it leaves open as its permit's line says it."""
    return replace(
        item,
        category=item.category or line.category,
        type=item.type or line.type_text,
        make=item.make or line.make_text,
        model=item.model or line.model,
        calibre=item.calibre or line.calibre_text,
        country_of_manufacture=item.country_of_manufacture or line.country_of_manufacture,
        hs_code=item.hs_code or line.hs_code,
    )


@dataclass(frozen=True)
class Judged:
    """What a shipment takes of each line, and where its items contradict theirs."""

    drawn: Quantities
    contradictions: list[dict[str, Any]]


def judge(permit_id: UUID, data: ShipmentData, lines: Lines) -> Judged:
    """Return what a shipment takes and where it contradicts, having looked at all of its parts.

    Raises Invalid unless every part is of a line, and every firearm stands once, by its serial. An
    antique is no firearm of the Convention (CIFTA I), and a part need not have a serial.
    """
    problems, drawn, guns = Problems(), defaultdict[tuple[UUID, int], Decimal](Decimal), Guns()
    contradictions = Contradictions()

    def look(found: Problems, path: str, item: Firearm) -> None:
        line = _line_of(found, path, permit_id, item, lines)
        if item.category is None:
            item = replace(item, category=line.category if line else "firearm")
        check_firearm(found, path, item)
        _check_item(found, path, item, line)
        drawn[permit_id, item.line] += item.quantity
        guns.add(_identity(item, line))
        if line:
            contradictions.look(item, line)

    problems.check_each(data.items, look)
    _check_repeated(problems, permit_id, data, lines, guns.repeated())
    for index, lot in enumerate(data.bulk):
        _line_of(problems, f"bulk.{index}", permit_id, lot, lines)
        drawn[permit_id, lot.line] += lot.quantity
    problems.raise_any()
    return Judged(drawn, contradictions.told())


class Guns:
    """Which guns stand more than once among very many, from 64 bits of each."""

    def __init__(self) -> None:
        self._seen = array("q")

    def add(self, gun: Hashable) -> None:
        """Take a gun; None is none."""
        if gun is not None:
            self._seen.append(hash(gun))

    def repeated(self) -> frozenset[int]:
        """Return the hashes that were seen more than once; two guns may share one by chance."""
        in_order = sorted(self._seen)
        return frozenset(one for one, other in pairwise(in_order) if one == other)


def _check_repeated(
    problems: Problems, permit_id: UUID, data: ShipmentData, lines: Lines, hashes: frozenset[int]
) -> None:
    """Name each gun that stands already, of those that may; of a file only where all else is right."""
    if not hashes or (problems.found and isinstance(data.items, Manifest)):
        return
    first: dict[Hashable, str] = {}

    def look(found: Problems, path: str, item: Firearm) -> None:
        gun = _identity(item, lines.get((permit_id, item.line)))
        if gun is not None and hash(gun) in hashes and first.setdefault(gun, path) != path:
            found.add(f"{path}.serial",
                      say("This serial stands at {first} already, on the same line and of the same make.",
                          first=first[gun]))  # fmt: skip

    problems.check_each(data.items, look)


def _line_of(
    problems: Problems, path: str, permit_id: UUID, part: Firearm | Bulk, lines: Lines
) -> PermitLine | None:
    line = lines.get((permit_id, part.line))
    if line is None:
        problems.add(f"{path}.line", say("The permit has no line {line}; an item names the line of the"
                                         " permit that it belongs to.", line=part.line))  # fmt: skip
    return line


def _check_item(problems: Problems, path: str, item: Firearm, line: PermitLine | None) -> None:
    if line and item.category != line.category:
        problems.add(f"{path}.category",
                     say("Line {line} of the permit is of the category {category}: leave the category"
                         " out, or name the line that this item belongs to.", line=line.line,
                         category=Coded("category", line.category)))  # fmt: skip
    if item.category == "firearm" and not (item.serial or item.antique):
        problems.add(f"{path}.serial",
                     say("A firearm is shipped under its serial (Model Regulations 2.2.2)."),
                     Article.SERIALS)  # fmt: skip


def _identity(item: Firearm, line: PermitLine | None) -> Hashable:
    """Return what only one gun of a manifest has: line, make and serial.

    Makers number each model anew, so a serial stands again on another line. None without a serial
    that can be read, and for a line that there is not.
    """
    if line is None:
        return None
    make = item.make or line.make_text
    key = marks.key(item.serial) if item.serial else None
    return (item.line, names.resolve("make", make) or make, key.norm) if key else None
