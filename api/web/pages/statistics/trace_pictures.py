"""Pictures of traces and requests: what is left at each step, times to crime, who answered how."""

from __future__ import annotations

from collections import Counter
from typing import Final

from api.i18n.messages import translate
from api.schemas.figures.releases import state_name
from api.schemas.figures.statistics import value_name
from api.web import formatting
from api.web.pages.statistics.pictures import (
    Picture,
    Row,
    Source,
    add_total,
    head,
    largest_first,
    share,
)
from salsa_ext.core.errors import message
from salsa_ext.custody.figures import NOT_ESTABLISHED, SEIZURES, UNKNOWN
from salsa_ext.statistics.dataset_types import MIN_CELL
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TIMES_TO_CRIME, TRACES, median_time_to_crime

ANSWERS: Final = ("in_time", "late", "overdue", "waiting", "refused", "withdrawn")
TRACED: Final = ("traced", "partly")
"""Outcomes of traces that found the gun in records."""


def draw_steps(source: Source) -> Picture:
    """Return how many traces, and how many guns, are left at each step, and what drops out."""
    traces = source.tally(TRACES, "outcome", "time_to_crime")
    outcomes = Counter({outcome: counts.total() for outcome, counts in traces.items()})
    total, on_record = outcomes.total(), sum(outcomes[code] for code in TRACED)
    answered = total - outcomes["pending"]
    untimed = sum(traces[code][UNKNOWN] for code in TRACED)
    exports, origins = (source.sums(SEIZURES, by) for by in ("exported_by", "established_by"))
    guns, traced = exports.total(), exports.total() - exports[UNKNOWN]
    exported, established = traced - exports[NOT_ESTABLISHED], guns - origins[NOT_ESTABLISHED]
    steps = (
        (message("Traces asked"), total, total),
        (message("With no answer pending"), total, answered),
        (message("Found in records, wholly or partly"), answered, on_record),
        (message("With the time from first sale to find"), on_record, on_record - untimed),
        (message("Guns seized, found, surrendered"), guns, guns),
        (message("Traced to a record"), guns, traced),
        (message("Lawful export found by the trace"), traced, exported),
        (message("Origin established, of all guns (SDG 16.4.2)"), guns, established),
    )
    columns = message("Step"), message("Count"), message("Drops out")
    note = message(
        "A trace counts on the day it was asked, a gun on the day it was found. So they differ. An"
        " origin may be established without a trace."
    )
    return Picture(
        "steps",
        translate(message("From the trace to the origin")),
        [*map(translate, columns)],
        [Row(translate(name), (count, before - count)) for name, before, count in steps],
        note=translate(note),
        links=source.links(TRACES, "outcome", "time_to_crime"),
    )


def draw_times_to_crime(source: Source) -> Picture:
    """Return the median time from the first sale to the find, by the state of the sale."""
    amounts = source.tally(TRACES, "sold_in", "time_to_crime")
    known = {
        state: Counter({band: counts[band] for band in TIMES_TO_CRIME})
        for state, counts in amounts.items()
    }
    totals = {state: counts.total() for state, counts in known.items() if counts.total()}
    lines = [
        (value_name(TRACES, "sold_in", state), known[state]) for state in largest_first(totals)
    ]
    if len(lines) > 1:
        lines.insert(0, (state_name(""), sum(known.values(), Counter[str]())))
    rows = []
    for name, counts in lines:
        median = median_time_to_crime(counts) if counts.total() >= MIN_CELL else None
        years = "–" if median is None else formatting.number(round(median, 1))
        rows.append(Row(name, (counts.total(), years, *(counts[band] for band in TIMES_TO_CRIME))))
    bands = (value_name(TRACES, "time_to_crime", band) for band in TIMES_TO_CRIME)
    note = message(
        "The median in years, as if times were spread evenly in each band; none of fewer than"
        " {least} traces.",
        least=MIN_CELL,
    )
    columns = (message("Traces with it"), message("Median"))
    return Picture(
        "time",
        head("time_to_crime"),
        (head("sold_in"), *map(translate, columns), *bands),
        rows,
        note=translate(note),
        links=source.links(TRACES, "sold_in", "time_to_crime"),
    )


def draw_answers(source: Source) -> Picture:
    """Return who answered how: a line a state, or a line a state that asked the one shown."""
    axis = "asking" if source.state else "state"
    answers = source.tally(REQUESTS, axis, "answer")
    sent = source.sums(REQUESTS, "asking")
    answers |= {state: Counter() for state in sent if state not in answers}
    totals, rows = add_total(answers), []
    sent[""] = sent.total()
    for state in largest_first(totals):
        counts = answers[state]
        whole = counts.total() - counts["withdrawn"]
        late = share(counts["late"] + counts["overdue"], whole)
        cells = (
            totals[state],
            *(counts[code] for code in ANSWERS),
            late,
            share(counts["in_time"], whole),
        )
        own = () if source.state else (sent[state],)
        rows.append(Row(state_name(state), (*own, *cells)))
    names_of = (value_name(REQUESTS, "answer", code) for code in ANSWERS)
    others = () if source.state else (translate(message("Asked others")),)
    shares = [translate(each) for each in (message("Share late"), message("Share in time"))]
    note = message("Late is what was answered after its term, or is open past it.")
    return Picture(
        "answers",
        translate(message("Requests, and how they were answered")),
        (head(axis), *others, translate(message("Was asked")), *names_of, *shares),
        rows,
        note=translate(note),
        links=source.links(REQUESTS, "answer"),
    )
