"""A permit against its counterparts: what is awaited, what differs, what is too much.

CIFTA IX.1–3 and Model Regulations 8.3: an export certificate needs the import certificate and an
authorization of each transit state, and draws no more than the import certificate allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salsa_ext.matching.doubts import Doubt
from salsa_ext.matching.permits import Document, differences
from salsa_ext.matching.quantities import Allocation, Goods, allocate
from salsa_ext.matching.registers import Register

SEVERITY: Final = ("over_quantity", "mismatch", "awaiting_counterpart")


@dataclass(frozen=True)
class Finding:
    """What one permit's owner should know of it: `ours` is what it says, `theirs` the other side.

    `state`, `kind`, `number` and `document` name the counterpart; the last two are None where it
    is awaited. `seen_by` are the states that may read both.
    """

    code: str
    state: str
    kind: str
    seen_by: tuple[str, ...]
    field: str | None = None
    ours: str | None = None
    theirs: str | None = None
    number: str | None = None
    document: str | None = None


def classify(own: Document, register: Register) -> list[Finding]:
    """Return the findings of a permit; none where every counterpart is there and says the same."""
    if own.is_void:
        return []
    found: list[Finding] = []
    for state, kind in _awaited(own):
        others = [
            other for other in register.counterparts(own, kind) if kind != "in_transit"
            or other.state == state
        ]  # fmt: skip
        if not others and state in register.participants:
            found.append(Finding("awaiting_counterpart", state, kind, own.seen_by))
        for other in others:
            found += _compared(own, other)
    return found + _over(own, register)


def worst(codes: Iterable[str]) -> str:
    """Return the standing that findings make together."""
    told = set(codes)
    return next((code for code in SEVERITY if code in told), "complete")


def over(register: Register, certificate: Document) -> Allocation:
    """Return how an import certificate covers what all export certificates under it claim."""
    lineage = register.lineage(certificate)
    claims = {
        (document.id, line): goods
        for document in register.drawing(lineage)
        for line, goods in document.claimed().items()
    }
    return allocate(claims, _supplies(lineage))


def doubts(own: Document, findings: Iterable[Finding], waited: bool) -> list[Doubt]:
    """Return the doubts that a permit's findings raise: of each pair, that which follows the other.

    An awaited counterpart is a doubt once the state has `waited` for its own time.
    """
    raised = []
    for finding in findings:
        if finding.code == "awaiting_counterpart" and waited:
            sides = {"state": finding.state, "kind": finding.kind}
            raised.append(Doubt("missing_counterpart", f"{finding.state}:{finding.kind}", sides))
        elif finding.code == "over_quantity" and own.kind == "import":
            raised.append(Doubt("over_quantity", "", _sides(finding)))
        elif finding.code == "mismatch" and _follows(own.kind, finding.kind):
            is_amount = finding.field in ("quantity", "lines")
            kind = "quantity_mismatch" if is_amount else "document_invalid"
            key = f"{finding.field}:{finding.state}:{finding.kind}:{finding.number}"
            raised.append(Doubt(kind, key, _sides(finding) | {"field": finding.field}))
    return raised


def _sides(finding: Finding) -> dict[str, Any]:
    return {"ours": finding.ours, "theirs": finding.theirs, "state": finding.state,
            "kind": finding.kind, "number": finding.number}  # fmt: skip


def _follows(kind: str, other: str) -> bool:
    order = ("import", "export", "in_transit")
    return order.index(kind) > order.index(other)


def _awaited(own: Document) -> list[tuple[str, str]]:
    importer, exporter = (own.importing_state, "import"), (own.exporting_state, "export")
    match own.kind:
        case "import":
            return [exporter]
        case "export":
            return [importer, *((state, "in_transit") for state in own.transit_states)]
        case _:
            return [exporter, importer]


def _compared(own: Document, other: Document) -> list[Finding]:
    found = [(item.field, item.ours, item.theirs) for item in differences(own, other)]
    if foreign := foreign_lines(own, other):
        found.append(("lines", ", ".join(map(str, foreign)), None))
    elif own.kind == "in_transit" or other.kind == "in_transit":
        found += _transit_amount(own, other)
    return [_finding("mismatch", own, other, *item) for item in found]


def foreign_lines(own: Document, other: Document) -> list[int]:
    """Return the lines of goods that the other document does not know at all."""
    claims, supplies = own.goods, other.goods
    if own.kind == "import" or (own.kind, other.kind) == ("in_transit", "export"):
        claims, supplies = supplies, claims
    return sorted(allocate(claims, supplies).foreign)


def _transit_amount(own: Document, other: Document) -> list[tuple[str, str, str]]:
    """A transit authorization covers what the export certificate can ship (Model Regulations 4.2)."""
    transit, export = (own, other) if own.kind == "in_transit" else (other, own)
    if export.kind != "export":
        return []
    if not allocate(export.claimed(), transit.goods).uncovered:
        return []
    return [("quantity", plain(own.total()), plain(other.total()))]


def _over(own: Document, register: Register) -> list[Finding]:
    """Say where export certificates claim more than their import certificate (8.3)."""
    if own.kind == "in_transit":
        return []
    certificates = [own] if own.kind == "import" else register.counterparts(own, "import")
    found = []
    for certificate in certificates:
        covered = over(register, certificate)
        if not {*covered.uncovered} - {*covered.foreign}:  # of other goods is another finding
            continue
        lineage = register.lineage(certificate)
        claims = sum(document.total() for document in register.drawing(lineage))
        allowed = sum(goods.quantity for goods in _supplies(lineage).values())
        sides = (plain(allowed), plain(claims))
        if own.kind == "export":
            found.append(_finding("over_quantity", own, certificate, "quantity", *sides[::-1]))
        else:
            found.append(Finding("over_quantity", own.exporting_state, "export", own.seen_by,
                                 "quantity", *sides))  # fmt: skip
    return found


def _supplies(lineage: Sequence[Document]) -> dict[Any, Goods]:
    return {
        (document.id, line): goods
        for document in lineage
        if document.status != "refused"
        for line, goods in document.goods.items()
    }


def _finding(
    code: str, own: Document, other: Document, field: str, ours: str | None, theirs: str | None
) -> Finding:
    seen_by = tuple(sorted({*own.seen_by} & {*other.seen_by}))
    return Finding(code, other.state, other.kind, seen_by, field, ours, theirs, other.number,
                   str(other.id))  # fmt: skip


def plain(quantity: Any) -> str:
    """Return a quantity as people write it: no zeros at its end."""
    return f"{quantity.normalize():f}" if quantity else "0"
