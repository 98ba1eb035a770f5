"""A permit as its counterparts are compared with it, and where two of them differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from salsa_ext.matching.names import fold
from salsa_ext.matching.quantities import Goods

Key = tuple[str, str, str]
"""A document's state, kind and number."""

PARTIES: Final = ("exporter", "importer", "final_consignee")
FORMS: Final = re.compile(
    r"\b(s\.?\s?a\.?(\s?c\.?)?|s\.?\s?r\.?\s?l\.?|ltda?\.?|limitada|inc\.?|llc|corp\.?|cia\.?|e\.?i\.?r\.?l\.?)$",
    re.IGNORECASE,
)
VOID: Final = ("cancelled", "refused", "replaced")


@dataclass(frozen=True)
class Document:
    """One state's permit: what it says, and how much of it still stands.

    `goods` are by line: what the document authorises, less what lapsed; `shipped` is what was drawn.
    `names` are the documents that it refers to, `seen_by` the states that may read it.
    """

    id: UUID
    state: str
    kind: str
    number: str
    status: str
    exporting_state: str
    importing_state: str
    transit_states: tuple[str, ...]
    regime: str
    parties: Mapping[str, str]
    goods: Mapping[int, Goods]
    shipped: Mapping[int, Decimal]
    names: frozenset[Key]
    replaces: str | None
    recorded_on: date
    seen_by: tuple[str, ...]

    @property
    def key(self) -> Key:
        """Return what others name it by."""
        return (self.state, self.kind, self.number)

    @property
    def is_void(self) -> bool:
        """Tell whether it is nobody's counterpart any more."""
        return self.status in VOID

    def claimed(self) -> dict[int, Goods]:
        """Return what it can ship in all: an expired one no more than it did."""
        if self.status == "refused":
            return {}
        if self.status != "expired":
            return dict(self.goods)
        return {line: self.amount(line, self.shipped[line]) for line in self.goods}

    def amount(self, line: int, quantity: Decimal) -> Goods:
        """Return so much of the goods of a line."""
        return replace(self.goods[line], quantity=quantity)

    def total(self) -> Decimal:
        """Return the sum of what it can ship in all, whatever the units are."""
        return sum((goods.quantity for goods in self.claimed().values()), Decimal(0))


@dataclass(frozen=True)
class Difference:
    """A field of which two documents say different things; of parties only that they differ."""

    field: str
    ours: str | None = None
    theirs: str | None = None


def name_key(name: str) -> str:
    """Return what is compared of a party's name: no case, accents, signs or legal form."""
    return fold("party", FORMS.sub("", name.strip()))


def differences(one: Document, other: Document) -> list[Difference]:
    """Return where two counterparts differ, but for their goods."""
    found = [
        Difference(field, getattr(one, field), getattr(other, field))
        for field in ("exporting_state", "importing_state", "regime")
        if getattr(one, field) != getattr(other, field)
    ]
    return found + _parties(one, other) + _transit(one, other)


def _parties(one: Document, other: Document) -> list[Difference]:
    """Compare names; one that was erased says nothing."""
    pairs = ((name, one.parties[name], other.parties[name]) for name in PARTIES)
    return [Difference(name) for name, ours, theirs in pairs if ours and theirs and ours != theirs]


def _transit(one: Document, other: Document) -> list[Difference]:
    """Compare transit states where both name some: an import certificate need not know them."""
    ours, theirs = sorted(one.transit_states), sorted(other.transit_states)
    if not (ours and theirs) or ours == theirs:
        return []
    return [Difference("transit_states", ", ".join(ours), ", ".join(theirs))]
