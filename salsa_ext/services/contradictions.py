"""Items of a manifest against the line of the permit that each names: what contradicts it.

The export attachment ships what its certificate allows (Model Regulations 2.2.1 and 2.2.2), so that
a gun of another type, make, model or calibre is no gun of the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from salsa_ext.matching.names import fold
from salsa_ext.models import PermitLine
from salsa_ext.readmodels import names
from salsa_ext.services.fields import UNKNOWN_TYPE
from salsa_ext.values.firearms import Firearm

MOST_NAMED: Final = 5
"""Serials, and words, that are named of one contradiction; of all there is the count."""


@dataclass
class _Found:
    theirs: str
    count: int = 0
    ours: list[str] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)

    def add(self, said: str, serial: str | None) -> None:
        self.count += 1
        if said not in self.ours and len(self.ours) < MOST_NAMED:
            self.ours.append(said)
        if serial and len(self.serials) < MOST_NAMED:
            self.serials.append(serial)


class Contradictions:
    """Gathers what contradicts, by line and field: no more of it for a hundred thousand guns."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], _Found] = {}

    def look(self, item: Firearm, line: PermitLine) -> None:
        """Take one item beside its line."""
        for name, ours, theirs in contradicted(item, line):
            found = self._found.setdefault((line.line, name), _Found(theirs))
            found.add(ours, item.serial)

    def told(self) -> list[dict[str, Any]]:
        """Return what contradicts, by line and field: `ours` the manifest's words, `theirs` the line's."""
        return [
            {"line": line, "field": name, "ours": ", ".join(found.ours), "theirs": found.theirs,
             "count": found.count, "serials": found.serials}
            for (line, name), found in sorted(self._found.items())
        ]  # fmt: skip


def contradicted(item: Firearm, line: PermitLine) -> Iterator[tuple[str, str, str]]:
    """Yield each field of which both say something else: its name, the item's words, the line's.

    Codes are compared where both words have one, calibres by family and related families; words
    that nobody knows without case, accents and blanks. What one of them leaves open contradicts
    nothing.
    """
    pairs: Mapping[str, tuple[str | None, str | None]] = {
        "type": (item.type, line.type_text), "make": (item.make, line.make_text),
        "model": (item.model, line.model), "calibre": (item.calibre, line.calibre_text),
    }  # fmt: skip
    for name, (ours, theirs) in pairs.items():
        if ours and theirs and ours != theirs and _is_other(name, ours, theirs):
            yield name, ours, theirs


def _is_other(kind: str, ours: str, theirs: str) -> bool:
    if kind == "model":
        return not _begins(kind, ours, theirs)
    codes = names.resolve(kind, ours), names.resolve(kind, theirs)
    if codes[0] and codes[1]:
        return UNKNOWN_TYPE not in codes and not _is_same(kind, *codes)
    # a line that names several, or one with more words about it, may mean what is shipped
    is_open = any(codes) or names.candidates(kind, theirs, 1)
    return not (is_open or _begins(kind, ours, theirs))


def _is_same(kind: str, ours: str | None, theirs: str | None) -> bool:
    if kind != "calibre":
        return ours == theirs
    families = names.family(ours) or ours, names.family(theirs) or theirs
    return families[0] == families[1] or families[1] in names.related(families[0])


def _begins(kind: str, ours: str, theirs: str) -> bool:
    """Tell whether one is how the other begins, as PT 92 is of PT 92 AF; G1 is no part of G19."""
    short, long = sorted((fold(kind, ours), fold(kind, theirs)), key=len)
    left = long.removeprefix(short)
    return long.startswith(short) and not (short[-1:].isdigit() and left[:1].isdigit())
