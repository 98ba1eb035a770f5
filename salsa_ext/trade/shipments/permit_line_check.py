"""Check of a manifest against the lines of its permit (Model Regulations 2.2.1, 2.2.2)."""

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from salsa_ext.core.batches import ItemFile
from salsa_ext.core.errors import Article, CodeLabel, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records.validation import UNKNOWN_TYPE, check_firearm
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.permits.models import PermitLine
from salsa_ext.trade.permits.quotas import LineQuantities, PermitLines
from salsa_ext.trade.shipments.values import BulkGoods, ShipmentData


def complete_item(item: Firearm, line: PermitLine) -> Firearm:
    """Return an item with missing fields filled from its permit line."""
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
class ManifestCheck:
    """Quantities that a shipment draws by line, and its contradictions."""

    drawn: LineQuantities
    contradictions: list[dict[str, Any]]


def check_manifest(permit_id: UUID, data: ShipmentData, lines: PermitLines) -> ManifestCheck:
    """Check all items of a shipment against the permit's lines.

    Raises Invalid unless every item belongs to a line and every firearm has a serial and appears
    once. Antiques are not firearms of the Convention (CIFTA I); parts need no serial.
    """
    problems, contradictions = Problems(), Contradictions()
    drawn: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    hashes = array("q")  # of guns, to find the few that may occur twice among many

    def check(item_problems: Problems, path: str, item: Firearm) -> None:
        line = _find_line(item_problems, path, permit_id, item, lines)
        if item.category is None:
            item = replace(item, category=line.category if line else "firearm")
        check_firearm(item_problems, path, item)
        _check_item(item_problems, path, item, line)
        drawn[permit_id, item.line] += item.quantity
        if gun := _gun_identity(item, line):
            hashes.append(hash(gun))
        if line:
            contradictions.add(item, line)

    problems.check_each(data.items, check)
    repeated = {this for this, following in pairwise(sorted(hashes)) if this == following}
    if repeated and not (problems.found and isinstance(data.items, ItemFile)):
        _check_duplicates(problems, permit_id, data, lines, repeated)
    for index, lot in enumerate(data.bulk):
        _find_line(problems, f"bulk.{index}", permit_id, lot, lines)
        drawn[permit_id, lot.line] += lot.quantity
    problems.raise_any()
    return ManifestCheck(drawn, contradictions.to_dicts())


def _row(path: str) -> int:
    """Return the row of a file, or the place in a list from one."""
    name, _, number = path.rpartition(".")
    return int(number) + (name != "manifest")


def _check_duplicates(
    problems: Problems, permit_id: UUID, data: ShipmentData, lines: PermitLines, hashes: set[int]
) -> None:
    """Report each duplicate gun among those with repeated hashes. Different guns may have one hash."""
    first: dict[Hashable, str] = {}

    def check(item_problems: Problems, path: str, item: Firearm) -> None:
        gun = _gun_identity(item, lines.get((permit_id, item.line)))
        if gun is not None and hash(gun) in hashes and first.setdefault(gun, path) != path:
            problem = message(
                "This serial is in row {row} already, of the same make.", row=_row(first[gun])
            )
            item_problems.add(f"{path}.serial", problem)

    problems.check_each(data.items, check)


def _find_line(
    problems: Problems, path: str, permit_id: UUID, part: Firearm | BulkGoods, lines: PermitLines
) -> PermitLine | None:
    line = lines.get((permit_id, part.line))
    if line is None:
        problems.add(
            f"{path}.line",
            message(
                "The permit has no line {line}; an item names the line of the"
                " permit that it belongs to.",
                line=part.line,
            ),
        )
    return line


def _check_item(problems: Problems, path: str, item: Firearm, line: PermitLine | None) -> None:
    if line and item.category != line.category:
        problems.add(
            f"{path}.category",
            message(
                "Line {line} of the permit is of the category {category}: leave the category"
                " out, or name the line that this item belongs to.",
                line=line.line,
                category=CodeLabel("category", line.category),
            ),
        )
    if item.category == "firearm" and not (item.serial or item.antique):
        problems.add(
            f"{path}.serial",
            message("A firearm is shipped under its serial (Model Regulations 2.2.2)."),
            Article.SERIALS,
        )


def _gun_identity(item: Firearm, line: PermitLine | None) -> Hashable:
    """Return the unique identity of a gun: line, make, normalised serial.

    Makers restart numbering per model, so a serial may recur on another line. None without a
    readable serial or a valid line.
    """
    if line is None:
        return None
    make = item.make or line.make_text
    key = keys.whole_key(item.serial) if item.serial else None
    return (item.line, names.resolve("make", make) or make, key.norm) if key else None


MAX_EXAMPLES: Final = 5
"""Serials, and texts, that are listed of one contradiction; of all there is the count."""


class Contradictions:
    """Contradictions by line and field, summarised over many items."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], dict[str, Any]] = {}

    def add(self, item: Firearm, line: PermitLine) -> None:
        """Compare one item with its line."""
        for name, ours, theirs in contradicting_fields(item, line):
            new: dict[str, Any] = {"theirs": theirs, "count": 0, "ours": [], "serials": []}
            contradiction = self._found.setdefault((line.line, name), new)
            contradiction["count"] += 1
            if ours not in contradiction["ours"] and len(contradiction["ours"]) < MAX_EXAMPLES:
                contradiction["ours"].append(ours)
            if item.serial and len(contradiction["serials"]) < MAX_EXAMPLES:
                contradiction["serials"].append(item.serial)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the contradictions by line and field. `ours` is the manifest's text, `theirs` the line's."""
        return [
            {"line": line, "field": name}
            | contradiction
            | {"ours": ", ".join(contradiction["ours"])}
            for (line, name), contradiction in sorted(self._found.items())
        ]


def contradicting_fields(item: Firearm, line: PermitLine) -> Iterator[tuple[str, str, str]]:
    """Yield contradicting fields: name, the item's text, the line's text."""
    pairs: Mapping[str, tuple[str | None, str | None]] = {
        "type": (item.type, line.type_text),
        "make": (item.make, line.make_text),
        "model": (item.model, line.model),
        "calibre": (item.calibre, line.calibre_text),
    }
    for name, (ours, theirs) in pairs.items():
        if ours and theirs and ours != theirs and _is_different(name, ours, theirs):
            yield name, ours, theirs


def _is_different(kind: str, ours: str, theirs: str) -> bool:
    if kind == "model":
        return not _is_prefix(kind, ours, theirs)
    code, other = names.resolve(kind, ours), names.resolve(kind, theirs)
    if code and other:
        if UNKNOWN_TYPE in (code, other):
            return False
        if kind != "calibre":
            return code != other
        family, allowed = (names.calibre_family(each) or each for each in (code, other))
        return family != allowed and allowed not in names.related_families(family)
    # a line that names several, or one with more words about it, may mean what is shipped
    is_open = code or other or names.find_candidates(kind, theirs, 1)
    return not (is_open or _is_prefix(kind, ours, theirs))


def _is_prefix(kind: str, ours: str, theirs: str) -> bool:
    """Return whether one text is a whole-token prefix of the other."""
    short, long = sorted((fold_name(kind, ours), fold_name(kind, theirs)), key=len)
    left = long.removeprefix(short)
    return long.startswith(short) and not (short[-1:].isdigit() and left[:1].isdigit())
