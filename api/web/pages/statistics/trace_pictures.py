"""Pictures of traces and requests: what is left at each step, times to crime, who answered how."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from api.i18n.messages import translate
from api.schemas.figures.releases import state_name
from api.schemas.figures.statistics import value_name
from api.web import formatting
from api.web.pages.statistics.pictures import (
    Links,
    Picture,
    Row,
    Source,
    add_total,
    head,
    largest_first,
    share,
)
from salsa_ext.core.errors import Message, message
from salsa_ext.custody.figures import NOT_ESTABLISHED, SEIZURES, UNKNOWN
from salsa_ext.statistics.dataset_types import MIN_CELL
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TIMES_TO_CRIME, TRACES, median_time_to_crime

ANSWERS: Final = ("in_time", "late", "overdue", "waiting", "refused", "withdrawn")
TRACED: Final = ("traced", "partly")
"""Outcomes of traces that found the gun in records."""
Steps = Sequence[tuple[Message, int]]


def draw_steps(source: Source) -> Iterator[Picture]:
    """Yield what is left at each step, and what drops out: of traces, then of guns."""
    traces = source.tally(TRACES, "outcome", "time_to_crime")
    outcomes = Counter({outcome: counts.total() for outcome, counts in traces.items()})
    on_record = sum(outcomes[code] for code in TRACED)
    untimed = sum(traces[code][UNKNOWN] for code in TRACED)
    steps: Steps = (
        (message("Traces asked"), outcomes.total()),
        (message("With no answer pending"), outcomes.total() - outcomes["pending"]),
        (message("Found in records, wholly or partly"), on_record),
        (message("With the time from first sale to find"), on_record - untimed),
    )
    note = message("A trace counts on the day it was asked.")
    links = source.links(TRACES, "outcome", "time_to_crime")
    yield _chain(source, "trace-steps", message("Traces, step by step"), steps, note, links)
    exports, origins = (source.sums(SEIZURES, by) for by in ("exported_by", "established_by"))
    guns = exports.total()
    traced = guns - exports[UNKNOWN]
    steps = (
        (message("Guns seized, found, surrendered"), guns),
        (message("Traced to a record"), traced),
        (message("Lawful export found by the trace"), traced - exports[NOT_ESTABLISHED]),
    )
    note = message(
        "A gun counts on the day it was found. Its origin is established for {part} of {whole}, also"
        " without a trace.",
        part=formatting.number(guns - origins[NOT_ESTABLISHED]),
        whole=formatting.number(guns),
    )
    links = source.links(SEIZURES, "exported_by")
    yield _chain(
        source, "gun-steps", message("Guns, from the find to the export"), steps, note, links
    )


def _chain(
    source: Source, code: str, title: Message, steps: Steps, note: Message, links: Links
) -> Picture:
    """Return steps of one population, each with what drops out before it; the file has them."""
    counts = [count for _, count in steps]
    dropped = [before - count for before, count in pairwise((counts[0], *counts))]
    columns = message("Step"), message("Count"), message("Drops out")
    return Picture(
        code,
        translate(title),
        [*map(translate, columns)],
        [
            Row(translate(name), (count, lost))
            for (name, count), lost in zip(steps, dropped, strict=True)
        ],
        note=translate(note),
        links=links._replace(file=source.page(state=source.state, format="csv", picture=code)),
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
        "The median in years is estimated from the bands, where there are at least {least} traces.",
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
    for state in sorted(
        totals, key=lambda state: (-answers[state]["overdue"], -totals[state], state)
    ):
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
