"""Comparison of a permit with its counterparts.

CIFTA IX.1-3 and Model Regulations 8.3: an export certificate needs the import certificate and an
authorization of each transit state, and draws no more than the import certificate allows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from salsa_ext.core import text
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.permits.allocation import Allocation, Goods, allocate

PermitKey = tuple[str, str, str]
"""A document's state, kind and number."""

COMPARED_PARTIES: Final = ("exporter", "importer", "final_consignee")
LEGAL_FORMS: Final = re.compile(
    r"\b(s\.?\s?a\.?(\s?c\.?)?|s\.?\s?r\.?\s?l\.?|ltda?\.?|limitada|inc\.?|llc|corp\.?|cia\.?|e\.?i\.?r\.?l\.?)$",
    re.IGNORECASE,
)
VOID_STATUSES: Final = ("cancelled", "refused", "replaced")


@dataclass(frozen=True)
class ComparedPermit:
    """A permit reduced to the fields that are compared.

    `goods` are the authorised quantities by line, less what lapsed; `shipped` the drawn ones.
    `references` are the keys of the referenced documents, `visible_to` the states that may read the permit.
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
    references: frozenset[PermitKey]
    replaces: str | None
    recorded_on: date
    visible_to: tuple[str, ...]

    @property
    def key(self) -> PermitKey:
        """Return the permit's key (state, kind, number)."""
        return (self.state, self.kind, self.number)

    @property
    def is_void(self) -> bool:
        """Return whether it is cancelled, refused or replaced."""
        return self.status in VOID_STATUSES

    def claimed_goods(self) -> dict[int, Goods]:
        """Return the total goods that it can ship, by line.

        For an expired permit: what it has shipped. For a refused one: nothing.
        """
        if self.status == "refused":
            return {}
        if self.status != "expired":
            return dict(self.goods)
        return {line: self.line_goods(line, self.shipped[line]) for line in self.goods}

    def line_goods(self, line: int, quantity: Decimal) -> Goods:
        """Return a given quantity of the goods of a line."""
        return replace(self.goods[line], quantity=quantity)

    def total(self) -> Decimal:
        """Return the sum of the claimed quantities, whatever the units."""
        return sum((goods.quantity for goods in self.claimed_goods().values()), Decimal(0))


@dataclass(frozen=True)
class FieldDifference:
    """A field in which two documents differ.

    For parties, only that they differ, without values.
    """

    field: str
    ours: str | None = None
    theirs: str | None = None


def party_name_key(name: str) -> str:
    """Return a party's name folded: no case, accents, signs, legal form."""
    return fold_name("party", LEGAL_FORMS.sub("", name.strip()))


def find_differences(one: ComparedPermit, other: ComparedPermit) -> list[FieldDifference]:
    """Return the differences between two counterparts, except their goods."""
    found = [
        FieldDifference(field, getattr(one, field), getattr(other, field))
        for field in ("exporting_state", "importing_state", "regime")
        if getattr(one, field) != getattr(other, field)
    ]
    return found + _party_differences(one, other) + _transit_differences(one, other)


def _party_differences(one: ComparedPermit, other: ComparedPermit) -> list[FieldDifference]:
    """Compare party names; an erased name never differs."""
    pairs = ((name, one.parties[name], other.parties[name]) for name in COMPARED_PARTIES)
    return [
        FieldDifference(name) for name, ours, theirs in pairs if ours and theirs and ours != theirs
    ]


def _transit_differences(one: ComparedPermit, other: ComparedPermit) -> list[FieldDifference]:
    """Compare transit states if both documents name some.

    An import certificate need not name them.
    """
    ours, theirs = sorted(one.transit_states), sorted(other.transit_states)
    if not (ours and theirs) or ours == theirs:
        return []
    return [FieldDifference("transit_states", ", ".join(ours), ", ".join(theirs))]


class PermitFamilies:
    """The permits visible to one state, indexed by key and reference."""

    def __init__(self, documents: Iterable[ComparedPermit], participants: Collection[str]) -> None:
        self.documents = list(documents)
        self.participants = participants
        self._by_key = {document.key: document for document in self.documents}
        self._successors = {
            (document.state, document.kind, document.replaces): document
            for document in self.documents
            if document.replaces and document.status != "refused"
        }
        self._naming: dict[PermitKey, list[ComparedPermit]] = {}
        for document in self.documents:
            for key in document.references:
                self._naming.setdefault(key, []).append(document)

    def current(self, key: PermitKey) -> ComparedPermit | None:
        """Return the permit of a key, or its latest replacement."""
        document, seen = self._by_key.get(key), {key}
        while document is not None and (later := self._successors.get(document.key)):
            if later.key in seen:
                break
            seen.add(later.key)
            document = later
        return document

    def lineage(self, document: ComparedPermit) -> list[ComparedPermit]:
        """Return the permits it replaced, oldest first, then the permit itself."""
        line = [document]
        while line[0].replaces:
            earlier = self._by_key.get((document.state, document.kind, line[0].replaces))
            if earlier is None or earlier in line:
                break
            line.insert(0, earlier)
        return line

    def counterparts(self, own: ComparedPermit, kind: str) -> list[ComparedPermit]:
        """Return the valid counterparts of a kind, ordered by key.

        A counterpart references the permit or is referenced by it.
        """
        named = (self.current(key) for key in own.references if key[1] == kind)
        found = {document.id: document for document in named if document}
        for line in self.lineage(own):
            for document in self._naming.get(line.key, ()):
                if document.kind == kind and (stands := self.current(document.key)):
                    found[stands.id] = stands
        if kind == "in_transit" or own.kind == "in_transit":
            found |= {document.id: document for document in self._through_import(own, kind)}
        valid = (document for document in found.values() if not document.is_void)
        return sorted(valid, key=lambda document: document.key)

    def export_certificates(self, lineage: Sequence[ComparedPermit]) -> list[ComparedPermit]:
        """Return all export certificates, void ones too, under a lineage."""
        found = {
            document.id: document
            for line in lineage
            for document in self._naming.get(line.key, ())
            if document.kind == "export"
        }
        named = {line.key for line in lineage}
        for document in list(found.values()):  # a reissue may leave the reference to its first
            for earlier in self.lineage(document):
                if earlier.references & named:
                    found[earlier.id] = earlier
        return sorted(found.values(), key=lambda document: document.key)

    def _through_import(self, own: ComparedPermit, kind: str) -> list[ComparedPermit]:
        """Find transit and export permits that share an import certificate.

        Only those that do not reference each other.
        """
        if {own.kind, kind} != {"export", "in_transit"}:
            return []
        shared = {key for key in own.references if key[1] == "import"}
        found = (document for key in shared for document in self._naming.get(key, ()))
        sides = (own.exporting_state, own.importing_state)
        return [
            document
            for document in found
            if document.kind == kind
            and (document.exporting_state, document.importing_state) == sides
            and not any(key[1] == own.kind for key in document.references)
            and not any(key[1] == kind and key[0] == document.state for key in own.references)
        ]


SEVERITY: Final = ("over_quantity", "mismatch", "awaiting_counterpart")


@dataclass(frozen=True)
class PermitFinding:
    """A difference, excess or missing counterpart of a permit.

    `ours` is the permit's value, `theirs` the counterpart's. `state`, `kind`, `number` and
    `document` identify the counterpart; the last two are None if it is awaited. `visible_to` are the
    states that may read both.
    """

    code: str
    state: str
    kind: str
    visible_to: tuple[str, ...]
    field: str | None = None
    ours: str | None = None
    theirs: str | None = None
    number: str | None = None
    document: str | None = None


def compare_permit(own: ComparedPermit, register: PermitFamilies) -> list[PermitFinding]:
    """Return the findings of a permit; empty if all counterparts agree."""
    if own.is_void:
        return []
    found: list[PermitFinding] = []
    for state, kind in _expected_counterparts(own):
        others = [
            other
            for other in register.counterparts(own, kind)
            if kind != "in_transit" or other.state == state
        ]
        if not others and state in register.participants:
            found.append(PermitFinding("awaiting_counterpart", state, kind, own.visible_to))
        for other in others:
            found += _mismatch_findings(own, other)
    return found + _over_quantity_findings(own, register)


def counterpart_status(codes: Iterable[str]) -> str:
    """Return the counterpart status for findings: the most severe, or complete."""
    told = set(codes)
    return next((code for code in SEVERITY if code in told), "complete")


def allocate_certificate(register: PermitFamilies, certificate: ComparedPermit) -> Allocation:
    """Allocate all claims of export certificates to their import certificate."""
    lineage = register.lineage(certificate)
    claims = {
        (document.id, line): goods
        for document in register.export_certificates(lineage)
        for line, goods in document.claimed_goods().items()
    }
    return allocate(claims, _supplied_goods(lineage))


def permit_irregularities(
    own: ComparedPermit, findings: Iterable[PermitFinding], is_overdue: bool
) -> list[Irregularity]:
    """Return the irregularities that a permit's findings raise.

    Of each pair, only the document of the later kind raises one. An awaited counterpart is one once
    `is_overdue`, the state's waiting time, has passed.
    """
    raised = []
    for finding in findings:
        if finding.code == "awaiting_counterpart" and is_overdue:
            sides = {"state": finding.state, "kind": finding.kind}
            raised.append(
                Irregularity("missing_counterpart", f"{finding.state}:{finding.kind}", sides)
            )
        elif finding.code == "over_quantity" and own.kind == "import":
            raised.append(Irregularity("over_quantity", "", _both_sides(finding)))
        elif finding.code == "mismatch" and _is_later_kind(own.kind, finding.kind):
            is_amount = finding.field in ("quantity", "lines")
            kind = "quantity_mismatch" if is_amount else "document_invalid"
            key = f"{finding.field}:{finding.state}:{finding.kind}:{finding.number}"
            raised.append(Irregularity(kind, key, _both_sides(finding) | {"field": finding.field}))
    return raised


def _both_sides(finding: PermitFinding) -> dict[str, Any]:
    return {
        "ours": finding.ours,
        "theirs": finding.theirs,
        "state": finding.state,
        "kind": finding.kind,
        "number": finding.number,
    }


def _is_later_kind(kind: str, other: str) -> bool:
    order = ("import", "export", "in_transit")
    return order.index(kind) > order.index(other)


def _expected_counterparts(own: ComparedPermit) -> list[tuple[str, str]]:
    importer, exporter = (own.importing_state, "import"), (own.exporting_state, "export")
    match own.kind:
        case "import":
            return [exporter]
        case "export":
            return [importer, *((state, "in_transit") for state in own.transit_states)]
        case _:
            return [exporter, importer]


def _mismatch_findings(own: ComparedPermit, other: ComparedPermit) -> list[PermitFinding]:
    found = [(item.field, item.ours, item.theirs) for item in find_differences(own, other)]
    if foreign := unmatched_lines(own, other):
        found.append(("lines", ", ".join(map(str, foreign)), None))
    elif own.kind == "in_transit" or other.kind == "in_transit":
        found += _transit_quantity_difference(own, other)
    return [_counterpart_finding("mismatch", own, other, *item) for item in found]


def unmatched_lines(own: ComparedPermit, other: ComparedPermit) -> list[int]:
    """Return the lines of goods that the other document does not cover."""
    claims, supplies = own.goods, other.goods
    if own.kind == "import" or (own.kind, other.kind) == ("in_transit", "export"):
        claims, supplies = supplies, claims
    return sorted(allocate(claims, supplies).unmatched)


def _transit_quantity_difference(
    own: ComparedPermit, other: ComparedPermit
) -> list[tuple[str, str, str]]:
    """Return the quantity difference between a transit authorization and its export.

    Transit must cover what the export certificate can ship (Model Regulations 4.2).
    """
    transit, export = (own, other) if own.kind == "in_transit" else (other, own)
    if export.kind != "export":
        return []
    if not allocate(export.claimed_goods(), transit.goods).uncovered:
        return []
    return [("quantity", text.format_quantity(own.total()), text.format_quantity(other.total()))]


def _over_quantity_findings(own: ComparedPermit, register: PermitFamilies) -> list[PermitFinding]:
    """Return findings where exports exceed their import certificate (8.3)."""
    if own.kind == "in_transit":
        return []
    certificates = [own] if own.kind == "import" else register.counterparts(own, "import")
    found = []
    for certificate in certificates:
        covered = allocate_certificate(register, certificate)
        if not {*covered.uncovered} - {*covered.unmatched}:  # of other goods is another finding
            continue
        lineage = register.lineage(certificate)
        claims = sum(document.total() for document in register.export_certificates(lineage))
        allowed = sum(goods.quantity for goods in _supplied_goods(lineage).values())
        sides = (text.format_quantity(allowed), text.format_quantity(claims))
        if own.kind == "export":
            found.append(
                _counterpart_finding("over_quantity", own, certificate, "quantity", *sides[::-1])
            )
        else:
            found.append(
                PermitFinding(
                    "over_quantity",
                    own.exporting_state,
                    "export",
                    own.visible_to,
                    "quantity",
                    *sides,
                )
            )
    return found


def _supplied_goods(lineage: Sequence[ComparedPermit]) -> dict[Any, Goods]:
    return {
        (document.id, line): goods
        for document in lineage
        if document.status != "refused"
        for line, goods in document.goods.items()
    }


def _counterpart_finding(
    code: str,
    own: ComparedPermit,
    other: ComparedPermit,
    field: str,
    ours: str | None,
    theirs: str | None,
) -> PermitFinding:
    visible_to = tuple(sorted({*own.visible_to} & {*other.visible_to}))
    return PermitFinding(
        code, other.state, other.kind, visible_to, field, ours, theirs, other.number, str(other.id)
    )
