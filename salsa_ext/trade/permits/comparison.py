"""Comparison of a permit with its counterparts.

CIFTA IX.1-3 and Model Regulations 8.3: an export certificate needs the import certificate and an
authorization of each transit state, and draws no more than the import certificate allows.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from salsa_ext.core.text import format_quantity
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.permits.allocation import Goods, allocate

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
    `references` are the keys of the referenced documents, `visible_to` the states that may read it.
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
        """Return the total goods that it can ship, by line."""
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


def party_name_key(name: str) -> str:
    """Return a party's name folded: no case, accents, signs, legal form."""
    return fold_name("party", LEGAL_FORMS.sub("", name.strip()))


class PermitFamilies:
    """The permits visible to one state, indexed by key and reference."""

    def __init__(self, permits: Iterable[ComparedPermit], participants: Collection[str]) -> None:
        self.permits = list(permits)
        self.participants = participants
        self._by_key = {permit.key: permit for permit in self.permits}
        self._successors = {
            (permit.state, permit.kind, permit.replaces): permit
            for permit in self.permits
            if permit.replaces and permit.status != "refused"
        }
        self._referencing: dict[PermitKey, list[ComparedPermit]] = defaultdict(list)
        for permit in self.permits:
            for key in permit.references:
                self._referencing[key].append(permit)

    def current(self, key: PermitKey) -> ComparedPermit | None:
        """Return the permit of a key, or its latest replacement."""
        permit, passed = self._by_key.get(key), {key}
        while permit is not None and (later := self._successors.get(permit.key)):
            if later.key in passed:
                break
            passed.add(later.key)
            permit = later
        return permit

    def lineage(self, permit: ComparedPermit) -> list[ComparedPermit]:
        """Return the permits it replaced, oldest first, then the permit itself."""
        line = [permit]
        while line[0].replaces:
            earlier = self._by_key.get((permit.state, permit.kind, line[0].replaces))
            if earlier is None or earlier in line:
                break
            line.insert(0, earlier)
        return line

    def family(self, permit: ComparedPermit) -> list[ComparedPermit]:
        """Return the permits that references connect with one, itself first."""
        members, pending = {permit.id: permit}, [permit]
        while pending:
            member = pending.pop()
            keys = {member.key, *member.references}
            if member.replaces:
                keys.add((member.state, member.kind, member.replaces))
            linked = [self._by_key.get(key) for key in keys]
            linked.append(self._successors.get(member.key))
            for key in keys:  # import certificates connect even before they are recorded
                if key == member.key or key[1] == "import":
                    linked += self._referencing.get(key, ())
            for other in linked:
                if other and other.id not in members:
                    members[other.id] = other
                    pending.append(other)
        return list(members.values())

    def unreached(self, permit: ComparedPermit) -> list[ComparedPermit]:
        """Return members of a permit's family that their own state does not reach from it."""
        reached = {permit.state: {each.id for each in self.permits}}
        unreached = []
        for member in self.family(permit):
            if (state := member.state) not in reached:
                visible = [each for each in self.permits if state in each.visible_to]
                is_visible = state in permit.visible_to
                family = PermitFamilies(visible, ()).family(permit) if is_visible else ()
                reached[state] = {each.id for each in family}
            if member.id not in reached[state]:
                unreached.append(member)
        return unreached

    def counterparts(self, own: ComparedPermit, kind: str) -> list[ComparedPermit]:
        """Return the valid counterparts of a kind, ordered by key.

        A counterpart references the permit or is referenced by it. Transit and export permits that
        share an import certificate are counterparts too, if they reference no other.
        """
        referenced = [self.current(key) for key in own.references if key[1] == kind]
        referenced += [
            self.current(permit.key)
            for line in self.lineage(own)
            for permit in self._referencing.get(line.key, ())
            if permit.kind == kind
        ]
        if {own.kind, kind} == {"export", "in_transit"}:
            referenced += [
                permit
                for key in own.references
                if key[1] == "import"
                for permit in self._referencing.get(key, ())
                if permit.kind == kind and _share_only_import(own, permit)
            ]
        by_id = {permit.id: permit for permit in referenced if permit and not permit.is_void}
        return sorted(by_id.values(), key=lambda permit: permit.key)

    def export_certificates(self, lineage: Sequence[ComparedPermit]) -> list[ComparedPermit]:
        """Return all export certificates, void ones too, under a lineage."""
        exports = {
            permit.id: permit
            for line in lineage
            for permit in self._referencing.get(line.key, ())
            if permit.kind == "export"
        }
        keys = {line.key for line in lineage}
        for permit in list(exports.values()):  # a reissue may leave the reference to its first
            for earlier in self.lineage(permit):
                if earlier.references & keys:
                    exports[earlier.id] = earlier
        return sorted(exports.values(), key=lambda permit: permit.key)


def _share_only_import(own: ComparedPermit, other: ComparedPermit) -> bool:
    """Return whether two permits of one movement reference no counterpart of the other's kind."""
    return (
        (own.exporting_state, own.importing_state) == (other.exporting_state, other.importing_state)
        and not any(key[1] == own.kind for key in other.references)
        and not any(key[:2] == (other.state, other.kind) for key in own.references)
    )


SEVERITY: Final = ("over_quantity", "mismatch", "awaiting_counterpart")
SIDE_FIELDS: Final = ("ours", "theirs", "state", "kind", "number")


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


def compare_permit(own: ComparedPermit, families: PermitFamilies) -> list[PermitFinding]:
    """Return the findings of a permit; empty if all counterparts agree."""
    if own.is_void:
        return []
    importer, exporter = (own.importing_state, "import"), (own.exporting_state, "export")
    transit = [(state, "in_transit") for state in own.transit_states]
    expected = {"import": [exporter], "export": [importer, *transit]}
    findings: list[PermitFinding] = []
    for state, kind in expected.get(own.kind, [exporter, importer]):
        others = families.counterparts(own, kind)
        if kind == "in_transit":
            others = [other for other in others if other.state == state]
        if not others and state in families.participants:
            findings.append(PermitFinding("awaiting_counterpart", state, kind, own.visible_to))
        for other in others:
            for difference in find_differences(own, other):
                findings.append(_counterpart_finding("mismatch", own, other, *difference))
    return findings + _over_quantity_findings(own, families)


def counterpart_status(codes: Iterable[str]) -> str:
    """Return the counterpart status for findings: the most severe, or complete."""
    present = set(codes)
    return next((code for code in SEVERITY if code in present), "complete")


def permit_irregularities(
    own: ComparedPermit, findings: Iterable[PermitFinding], is_overdue: bool
) -> list[Irregularity]:
    """Return the irregularities that a permit's findings raise.

    Of each pair, only the document of the later kind raises one. An awaited counterpart is one once
    `is_overdue`, the state's waiting time, has passed. CIFTA I speaks of movements: an import
    certificate comes first, and may stay unused.
    """
    order, raised = ("import", "export", "in_transit"), []
    for finding in findings:
        sides = {name: getattr(finding, name) for name in SIDE_FIELDS}
        if finding.code == "awaiting_counterpart" and is_overdue and own.kind != "import":
            awaited = {"state": finding.state, "kind": finding.kind}
            key = f"{finding.state}:{finding.kind}"
            raised.append(Irregularity("missing_counterpart", key, awaited))
        elif finding.code == "over_quantity" and own.kind == "import":
            raised.append(Irregularity("over_quantity", "", sides))
        elif finding.code == "mismatch" and order.index(own.kind) > order.index(finding.kind):
            is_amount = finding.field in ("quantity", "lines")
            kind = "quantity_mismatch" if is_amount else "document_invalid"
            key = f"{finding.field}:{finding.state}:{finding.kind}:{finding.number}"
            raised.append(Irregularity(kind, key, sides | {"field": finding.field}))
    return raised


Difference = tuple[str, str | None, str | None]
"""Field, own value and the other document's; of parties and lines, without their values."""


def find_differences(own: ComparedPermit, other: ComparedPermit) -> list[Difference]:
    """Return fields in which counterparts differ, goods last; never erased parties."""
    differences: list[Difference] = [
        (field, getattr(own, field), getattr(other, field))
        for field in ("exporting_state", "importing_state", "regime")
        if getattr(own, field) != getattr(other, field)
    ]
    for party in COMPARED_PARTIES:
        ours, theirs = own.parties[party], other.parties[party]
        if ours and theirs and ours != theirs:
            differences.append((party, None, None))
    transit, others = sorted(own.transit_states), sorted(other.transit_states)
    if transit and others and transit != others:
        differences.append(("transit_states", ", ".join(transit), ", ".join(others)))
    if lines := unmatched_lines(own, other):
        differences.append(("lines", ", ".join(map(str, lines)), None))
    elif {own.kind, other.kind} == {"export", "in_transit"}:
        export, cover = (own, other) if own.kind == "export" else (other, own)
        if allocate(export.claimed_goods(), cover.goods).uncovered:  # Model Regulations 4.2
            amounts = format_quantity(own.total()), format_quantity(other.total())
            differences.append(("quantity", *amounts))
    return differences


def unmatched_lines(own: ComparedPermit, other: ComparedPermit) -> list[int]:
    """Return the lines of goods that the other document does not cover."""
    claims, supplies = own.goods, other.goods
    if own.kind == "import" or (own.kind, other.kind) == ("in_transit", "export"):
        claims, supplies = supplies, claims
    return sorted(allocate(claims, supplies).unmatched)


def _over_quantity_findings(own: ComparedPermit, families: PermitFamilies) -> list[PermitFinding]:
    """Return findings where exports exceed their import certificate (8.3)."""
    if own.kind == "in_transit":
        return []
    findings = []
    for certificate in [own] if own.kind == "import" else families.counterparts(own, "import"):
        lineage = families.lineage(certificate)
        exports = families.export_certificates(lineage)
        supplies = {
            (permit.id, line): goods
            for permit in lineage
            if permit.status != "refused"
            for line, goods in permit.goods.items()
        }
        claims = {
            (permit.id, line): goods
            for permit in exports
            for line, goods in permit.claimed_goods().items()
        }
        covered = allocate(claims, supplies)
        if not {*covered.uncovered} - {*covered.unmatched}:  # of other goods is another finding
            continue
        allowed = format_quantity(sum(goods.quantity for goods in supplies.values()))
        claimed = format_quantity(sum(permit.total() for permit in exports))
        code, field = "over_quantity", "quantity"
        if own.kind == "export":
            findings.append(_counterpart_finding(code, own, certificate, field, claimed, allowed))
        else:
            state = own.exporting_state
            findings.append(
                PermitFinding(code, state, "export", own.visible_to, field, allowed, claimed)
            )
    return findings


def _counterpart_finding(
    code: str,
    own: ComparedPermit,
    other: ComparedPermit,
    field: str,
    ours: str | None,
    theirs: str | None,
) -> PermitFinding:
    both = tuple(sorted({*own.visible_to} & {*other.visible_to}))
    number, document = other.number, str(other.id)
    return PermitFinding(code, other.state, other.kind, both, field, ours, theirs, number, document)
