"""What traces find for the imported crime guns, beside the days that the file publishes.

The sale and the seizure of a row were recorded apart, so a trace that gives the published days
has found the one from the other by the marks alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from importers.rows import RawRow
from importers.run import Progress
from importers.us_crime_guns import number_of, read
from salsa_ext.db import transaction
from salsa_ext.matching.chains import Result
from salsa_ext.matching.marks import normalise, readable
from salsa_ext.readmodels.documents import SEIZURES, list_documents
from salsa_ext.readmodels.search import SHORTEST
from salsa_ext.readmodels.traces import get_result
from salsa_ext.services import traces
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import TraceData

CLASSES = {
    "agrees": "the days are the published ones",
    "several_sales": "several sales of one serial, the right one among them: all are shown",
    "short_serial": "fewer than three glyphs, and make or calibre missing: cannot be searched",
    "file_contradicts_itself": "the published days are not those between the published dates",
    "not_recorded": "the import refused the row, so there is no seizure to trace",
    "unexplained": "none of these",
}


@dataclass(frozen=True)
class Case:
    """A row with serial, both dates and the published days between them."""

    row: int
    number: str
    serial: str
    sold_on: date
    seized_on: date
    days: int


@dataclass(frozen=True)
class Compared:
    """A case with what its trace found; `result` is None where there was no seizure to trace."""

    case: Case
    result: Result | None

    @property
    def kind(self) -> str:
        """Return the class of the agreement or disagreement; see CLASSES."""
        return classify(self.case, self.result)


def compare(
    path: Path, actor: Actor, vault: Vault, progress: Progress | None = None
) -> list[Compared]:
    """Trace every case of an imported file in the name of the actor's state."""
    found, todo = [], list(cases(read(path)))
    for done, case in enumerate(todo, 1):
        with transaction(actor):
            found.append(Compared(case, _trace(actor, vault, case)))
        if progress:
            progress(done, len(todo))
    return found


def cases(rows: Iterator[RawRow]) -> Iterator[Case]:
    """Yield the rows that publish everything that a comparison needs."""
    for row in rows:
        number = number_of(row.pop("source_dataset") or "", row.pop("source_row") or "")
        serial, days = row.pop("firearm_serial"), row.pop("time_to_crime")
        sold_on, seized_on = row.pop_date("sale_date"), row.pop_date("crime_date")
        if serial and sold_on and seized_on and days:
            yield Case(row.number, number, serial, sold_on, seized_on, round(float(days)))


def classify(case: Case, result: Result | None) -> str:
    """Return why the days of a result are, or are not, the published ones."""
    if result is None:
        return "not_recorded"
    days = (case.seized_on - case.sold_on).days
    own = _own_sale(case, result)
    if own and result.time_to_crime_days == case.days:
        return "agrees"
    if days != case.days:
        return "file_contradicts_itself"
    if (own, days) in _candidates(result):
        return "several_sales"
    is_short = readable(normalise(case.serial)) < SHORTEST
    if is_short and result.failure_reason == "incomplete_request":
        return "short_serial"
    return "unexplained"


def counts(found: Sequence[Compared]) -> dict[str, int]:
    """Return how many cases are of each class, those of no case left out."""
    kinds = [one.kind for one in found]
    return {kind: kinds.count(kind) for kind in CLASSES if kind in kinds}


def _own_sale(case: Case, result: Result) -> str | None:
    """Return the record of the row's own sale, where the trace found it."""
    named = ("domestic_sale", case.number)
    records = [
        event["record"]
        for event in result.chain
        if (event["event"], event["document_number"]) == named
    ]
    return records[0] if records else None


def _candidates(result: Result) -> set[tuple[str, int]]:
    return {(one["record"], one["time_to_crime_days"]) for one in result.candidates}


def _trace(actor: Actor, vault: Vault, case: Case) -> Result | None:
    seizure = _seizure(actor, case.number)
    if seizure is None:
        return None
    trace_id = traces.request(actor=actor, vault=vault, data=TraceData(
        case_number=case.number, priority="routine", legal_basis="Comparison with published days",
        illicit_reason="used_in_crime", circumstances="Seized as a crime gun",
        intended_use="intelligence", seizure=seizure, item=1, confirm_second=True,
    ))  # fmt: skip
    return get_result(actor, trace_id).result


def _seizure(actor: Actor, number: str) -> UUID | None:
    found = list_documents(actor, SEIZURES, {"number": number}, 1, None).items
    return found[0].document.id if found else None
