"""Traces of the imported crime guns, compared with the published days.

Sale and seizure are recorded apart, so equal days show that a trace joined them by the marks alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from importers.reading.tables import Row, open_table
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import transaction
from salsa_ext.documents.queries import SEIZURES, list_own_documents
from salsa_ext.firearms.marks.keys import count_readable, normalise
from salsa_ext.firearms.records.event_kinds import Event
from salsa_ext.firearms.search.criteria import MIN_READABLE
from salsa_ext.tracing.chains.chain import ChainResult
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces.trace_results import get_result
from salsa_ext.tracing.traces.values import TraceData

RESULT_CLASSES = {
    "agrees": "the days are the published ones",
    "several_sales": "several sales of one serial, the right one among them: all are shown",
    "possible_only": "a short or common serial: its sales are shown, and nothing is concluded",
    "short_serial": "fewer than three glyphs, and make or calibre missing: cannot be searched",
    "file_contradicts_itself": "the published days are not those between the published dates",
    "not_recorded": "the import refused the row, so there is no seizure to trace",
    "unexplained": "none of these",
}


@dataclass(frozen=True)
class Case:
    """Row with serial, both dates and the published days."""

    row: int
    number: str
    serial: str
    sold_on: date
    seized_on: date
    days: int


@dataclass(frozen=True)
class Comparison:
    """Case with the result of its trace, None without a seizure."""

    case: Case
    result: ChainResult | None

    @property
    def kind(self) -> str:
        """Return the class of the agreement or disagreement; see CLASSES."""
        return classify(self.case, self.result)


def compare_traces(path: Path, actor: Actor) -> list[Comparison]:
    """Trace every case of an imported file for the actor's state."""
    comparisons = []
    with open_table(path) as table:
        cases = [*read_cases(table.rows)]
    for case in cases:
        with transaction(actor):
            comparisons.append(Comparison(case, _trace_case(actor, case)))
    return comparisons


def read_cases(rows: Iterator[Row]) -> Iterator[Case]:
    """Yield the rows with all data for a comparison."""
    for row in rows:
        cells = row.cells
        serial, days = cells["firearm_serial"], cells["time_to_crime"]
        sold_on, seized_on = cells["sale_date"], cells["crime_date"]
        if serial and sold_on and seized_on and days:
            number = f"{cells['source_dataset']}/{cells['source_row']}"
            on, later = date.fromisoformat(sold_on), date.fromisoformat(seized_on)
            yield Case(row.number, number, serial, on, later, round(float(days)))


def classify(case: Case, result: ChainResult | None) -> str:
    """Return the class of a result; see RESULT_CLASSES."""
    if result is None:
        return "not_recorded"
    days = (case.seized_on - case.sold_on).days
    own = _own_sale(case, result.chain)
    if own and result.time_to_crime_days == case.days:
        return "agrees"
    if days != case.days:
        return "file_contradicts_itself"
    if (own, days) in _candidate_sales(result):
        return "several_sales"
    possible = [record.event for record in result.possible]
    if result.outcome == "possible_only" and _own_sale(case, possible):
        return "possible_only"
    is_short = count_readable(normalise(case.serial)) < MIN_READABLE
    if is_short and result.failure_reason == "incomplete_request":
        return "short_serial"
    return "unexplained"


def count_classes(comparisons: Sequence[Comparison]) -> dict[str, int]:
    """Return the number of cases by class, without empty classes."""
    kinds = [comparison.kind for comparison in comparisons]
    return {kind: kinds.count(kind) for kind in RESULT_CLASSES if kind in kinds}


def _own_sale(case: Case, events: Sequence[Event]) -> str | None:
    """Return the record of the row's own sale, if found."""
    named = ("domestic_sale", case.number)
    records = [
        event["record"] for event in events if (event["event"], event["document_number"]) == named
    ]
    return records[0] if records else None


def _candidate_sales(result: ChainResult) -> set[tuple[str, int]]:
    return {
        (candidate["record"], candidate["time_to_crime_days"]) for candidate in result.candidates
    }


def _trace_case(actor: Actor, case: Case) -> ChainResult | None:
    seizure = _find_seizure(actor, case.number)
    if seizure is None:
        return None
    trace_id = trace_commands.create_trace(
        actor=actor,
        data=TraceData(
            case_number=case.number,
            priority="routine",
            legal_basis="Comparison with published days",
            illicit_reason="used_in_crime",
            circumstances="Seized as a crime gun",
            intended_use="intelligence",
            seizure=seizure,
            item=1,
            confirm_second=True,
        ),
    )
    return get_result(actor, trace_id).result


def _find_seizure(actor: Actor, number: str) -> UUID | None:
    seizures = list_own_documents(actor, SEIZURES, {"number": number}, 1, None).items
    return seizures[0].document.id if seizures else None
