"""Pictures of a year's figures, each with its table: of the hemisphere, a state, a division of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Response, abort, request

from api.http import tables
from api.i18n.messages import translate
from api.schemas.figures.releases import DISPOSED, sort_states, state_name
from api.schemas.figures.statistics import FiguresQuery, value_name
from api.web import formatting, lists
from api.web.access import login_required
from api.web.charts import draw_bars
from api.web.pages import account_pages
from api.web.pages.statistics.figure_table import GRAINS, list_missing, list_values
from api.web.pages.statistics.pictures import (
    NO_VALUE,
    Picture,
    Row,
    Source,
    add_total,
    coverage_note,
    draw_paths,
    draw_states,
    head,
    largest_first,
    links,
    part_of,
    release_links,
    released_picture,
    share,
)
from api.web.pages.statistics.trace_pictures import draw_answers, draw_steps, draw_times_to_crime
from api.web.record_pages import HOME, render_page
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.custody.figures import DISPOSITIONS, FLOWS, NOT_ESTABLISHED, SEIZURES
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.releases import releases
from salsa_ext.releases.release_tables import published_cells
from salsa_ext.statistics import queries
from salsa_ext.statistics.coverage import list_coverage
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade import mirror
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS

YEARS: Final = 5
"""Years of a trend, and of the list to choose from."""
MAX_PERIODS: Final = 12
MAX_NAMED: Final = 6
"""States that a note names; of more it has the count."""
MONTHS: Final = 12
MAX_PAIRS: Final = 8
"""Pairs of states with the largest differences."""
CHOSEN: Final = ("category", "kind", "class")
"""Dimensions of what is seized that a page may be narrowed to."""
REPORTED: Final = (SEIZURES, TRACES, REQUESTS, PERMITS, LICIT_TRADE)
"""Datasets by which a state reports something."""
MOVED: Final = ("shipped", "received")


@account_pages.get("/figures")
@login_required
def figures_page(actor: Actor) -> Any:
    """Show a year's figures as pictures: of the own state, or of all that allow it."""
    listed = lists.read_filters(FiguresQuery)
    form, filters = listed.form, listed.filters
    last = today(actor).year if actor.state else today(actor).year - 1
    where = {
        code: value
        for code, value in filters.get("where", {}).items()
        if code in CHOSEN or (code == "division" and actor.state)
    }
    source = Source(
        actor,
        min(filters.get("year") or today(actor).year - 1, last),
        actor.state or filters.get("state"),
        where,
        (filters.get("grain") or "quarter") if actor.state else "year",
    )
    chosen = {
        "year": str(source.year),
        "category": where.get("category", "firearm"),
        "grain": source.grain,
    }
    if listed.format:
        picture = request.args.get("picture")
        return _send_rows(draw_pictures(source), picture, listed.format)
    page = render_page(
        "account/figures.html",
        actor,
        trail=(HOME,),
        form=replace(form, values=form.values | chosen),
        source=source,
        division=where.get("division"),
        years=[(str(year), str(year)) for year in range(last, last - YEARS, -1)],
        choices_of=[
            (
                code,
                formatting.label("dimension", code),
                [option for option in list_values(SEIZURES, code) if option[0] not in NO_VALUE],
            )
            for code in CHOSEN
        ],
        grains=[(code, translate(name)) for code, name in GRAINS],
        totals=list(list_totals(source)),
        pictures=list(draw_pictures(source)),
    )
    return page, form.status


def _send_rows(pictures: Iterable[Picture], code: str | None, form: str) -> Response:
    """Return the table of a picture as file."""
    picture = next((each for each in pictures if each.code == code), None) or abort(404)
    rows = [dict(zip(picture.columns, (row.name, *row.cells), strict=True)) for row in picture.rows]
    return tables.table_response(rows, form, picture.code)


def list_totals(source: Source) -> Iterator[tuple[str, str, str]]:
    """Yield what is counted, how many, and a remark, for the figures that are asked for first."""
    guns = Counter[str]()
    for cell in source.read(SEIZURES, years=2):
        guns[cell.period] += cell.amount
    before = f"{source.year - 1}: {formatting.number(guns[str(source.year - 1)])}"
    yield counted_name(source), formatting.number(guns[str(source.year)]), before
    if "division" in source.where:
        return
    traces = sum(source.sums(TRACES).values())
    yield (
        formatting.label("dataset", TRACES.code),
        formatting.number(traces),
        _ignored(source, TRACES),
    )
    answers = source.sums(REQUESTS, "answer")
    parts = answers["in_time"], answers.total() - answers["withdrawn"]
    remark = " ".join((part_of(*parts), _ignored(source, REQUESTS)))
    yield translate(message("Requests answered in time")), share(*parts), remark
    origins = source.sums(SEIZURES, "established_by")
    parts = origins.total() - origins[NOT_ESTABLISHED], origins.total()
    yield translate(message("Origin established (SDG 16.4.2)")), share(*parts), part_of(*parts)


def _ignored(source: Source, dataset: Dataset) -> str:
    left = ", ".join(source.ignored(*dataset.dimensions))
    return translate(message("Not narrowed by: {filters}.", filters=left)) if left else ""


def counted_name(source: Source) -> str:
    """Return the kinds of seizures that are counted, in words."""
    kind = source.where.get("kind")
    if kind:
        return value_name(SEIZURES, "kind", kind)
    return translate(message("Seized, found, surrendered"))


def draw_pictures(source: Source) -> Iterator[Picture]:
    """Yield the pictures of a page, in their order."""
    if source.state is None:
        yield draw_states_picture(source)
    yield _trend(source)
    yield _ranking(source, "class")
    if "division" in source.where:
        return
    if source.actor.state:
        yield _ranking(source, "division")
        yield _flows(source)
    else:
        yield _exports(source)
    yield _origins(source)
    yield from draw_steps(source)
    yield _permits(source)
    yield draw_times_to_crime(source)
    yield draw_answers(source)
    yield _differences(source)
    yield from _fates(source)
    if source.state is None:
        yield _coverage(source)


def draw_states_picture(source: Source) -> Picture:
    """Return the map of states, and their amounts over three years, the largest first."""
    years = [str(source.year - back) for back in (2, 1, 0)]
    amounts = source.tally(SEIZURES, "state", "period", years=3)
    now = {state: counts[years[-1]] for state, counts in amounts.items()}
    addresses = {state: source.page(state=state) for state in now}
    whole = [_whole_states(source, int(year)) for year in years]
    partial = sort_states(amounts.keys() - whole[0])
    whole = [{*each, ""} if each >= amounts.keys() else each for each in whole]
    rows = []
    add_total(amounts)
    for state in largest_first({each: counts[years[-1]] for each, counts in amounts.items()}):
        counts = [amounts[state][year] for year in years]
        is_whole = [state in each for each in whole]
        change = _signed(counts[-1] - counts[0]) if is_whole[0] and is_whole[-1] else "–"
        numbers = zip(counts, is_whole, strict=True)
        cells = (*(count if count or known else "–" for count, known in numbers), change)
        rows.append(Row(state_name(state), cells, addresses.get(state)))
    since = translate(message("Change since {year}", year=years[0]))
    return Picture(
        "states",
        translate(message("{what}, by state", what=counted_name(source))),
        (head("state"), *years, since),
        rows,
        draw_states(now, addresses),
        " ".join((coverage_note(len(now)), *_partial_note(years[0], partial))),
        source.links(SEIZURES, years=3),
        is_open=True,
    )


def _whole_states(source: Source, year: int) -> set[str]:
    """Return the states with seizures in each month of a year."""
    coverage = list_coverage(source.actor, [SEIZURES], year)
    return {each.state for each in coverage if len(each.with_records) == MONTHS}


def _partial_note(year: str, states: Sequence[str]) -> Iterator[str]:
    """Yield of which states a year is not whole; of many, how many they are."""
    if len(states) > MAX_NAMED:
        yield translate(
            message(
                "Not all of {year} is reported by {count} states. They have no change, and a dash is"
                " no zero.",
                year=year,
                count=len(states),
            )
        )
    elif states:
        named = ", ".join(map(state_name, states))
        yield translate(
            message("Not all of {year} is reported by {states}.", year=year, states=named)
        )


def _signed(difference: int | None) -> str:
    return f"{'+' if (difference or 0) > 0 else ''}{formatting.number(difference or 0)}"


def _trend(source: Source) -> Picture:
    """Return the amounts by period and kind."""
    amounts = source.tally(SEIZURES, "kind", "period", years=YEARS, grain=source.grain)
    periods = sorted({period for counts in amounts.values() for period in counts})[-MAX_PERIODS:]
    kinds = [kind for kind in codes.SEIZURE_KINDS if kind in amounts]
    titles = [value_name(SEIZURES, "kind", kind) for kind in kinds]
    series = [[amounts[kind][period] for period in periods] for kind in kinds]
    labels = [formatting.period(period) for period in periods]
    lines = zip(labels, *series, strict=True)
    return Picture(
        "trend",
        translate(message("Over time")),
        (translate(message("Period")), *titles, translate(message("In all"))),
        [Row(label, (*counts, sum(counts))) for label, *counts in lines],
        draw_bars(titles, series, labels, [*map(codes.SEIZURE_KINDS.index, kinds)])
        if periods
        else None,
        links=source.links(SEIZURES, "kind", years=YEARS, grain=source.grain),
    )


def _ranking(source: Source, by: str, dataset: Dataset = SEIZURES, note: str = "") -> Picture:
    """Return what was seized by a dimension, the largest first; a province leads to its page."""
    sums = source.sums(dataset, by)
    places = sums.keys() - {*NO_VALUE} if by == "division" else ()
    pages = {value: source.page(**{by: value}) for value in places}
    rows = [
        Row(value_name(dataset, by, value), (sums[value],), pages.get(value))
        for value in largest_first(sums)
    ]
    columns, links_of = (head(by), str(source.year)), source.links(dataset, by)
    title = head(by) if dataset is SEIZURES else formatting.label("dataset", dataset.code)
    code = f"{dataset.code}-{by}"
    return Picture(code, title, columns, rows, note=note, links=links_of, whole=sums.total())


def _flows(source: Source) -> Picture:
    """Return where guns were made, left lawful hands, and were found."""
    return _draw_flows(
        source,
        FLOWS,
        ("country_of_manufacture", "diverted_in"),
        message("Made, diverted, found"),
        message("Where they left lawful hands: known of {part} of {whole} guns."),
    )


def _exports(source: Source) -> Picture:
    """Return which state exported traced guns lawfully, and where they were found."""
    return _draw_flows(
        source,
        SEIZURES,
        ("exported_by",),
        message("Lawfully exported, and found"),
        message("Lawful exports that traces found: {part} of {whole} guns."),
    )


def _draw_flows(
    source: Source, dataset: Dataset, by: Sequence[str], title: Message, known: Message
) -> Picture:
    amounts, whole = Counter[tuple[str, ...]](), 0
    for cell in source.read(dataset, *by):
        whole += cell.amount
        if cell.values[by[-1]] not in NO_VALUE:
            path = (value_name(dataset, code, cell.values[code]) for code in by)
            amounts[*path, formatting.label("state", cell.state)] += cell.amount
    parts = {"part": formatting.number(amounts.total()), "whole": formatting.number(whole)}
    return Picture(
        "flows",
        translate(title),
        (*map(head, by), translate(message("Found in")), str(source.year)),
        [Row(path[0], (*path[1:], amounts[path])) for path in largest_first(amounts)],
        draw_paths(amounts),
        translate(Message(known.text, parts)),
        source.links(dataset, *by),
    )


def _origins(source: Source) -> Picture:
    """Return indicator 16.4.2 by state: numerator, denominator and share."""
    amounts = source.tally(SEIZURES, "state", "established_by")
    wholes, rows = add_total(amounts), []
    for state in largest_first(wholes):
        part = wholes[state] - amounts[state][NOT_ESTABLISHED]
        rows.append(Row(state_name(state), (part, wholes[state], share(part, wholes[state]))))
    columns = (translate(message("Established")), counted_name(source), translate(message("Share")))
    return Picture(
        "origins",
        translate(message("Guns whose origin is established (SDG 16.4.2)")),
        (head("state"), *columns),
        rows,
        links=source.links(SEIZURES, "established_by"),
    )


def _permits(source: Source) -> Picture:
    """Return permits by their kind: issued and refused."""
    amounts = source.tally(PERMITS, "permit", "decision")
    decisions = ("issued", "refused")
    return Picture(
        "permits",
        translate(message("Permits issued and refused")),
        (head("permit"), *(value_name(PERMITS, "decision", code) for code in decisions)),
        [
            Row(value_name(PERMITS, "permit", permit), [counts[code] for code in decisions])
            for permit, counts in sorted(amounts.items())
        ],
        links=source.links(PERMITS, "permit", "decision"),
    )


def _differences(source: Source) -> Picture:
    """Return where the figures of exporter and importer differ most."""
    rows: list[Row] = []
    for row in mirror.list_mirror(source.actor, source.year, {}):
        pair = row.exporting_state, row.importing_state
        if row.difference and source.state in (None, *pair) and len(rows) < MAX_PAIRS:
            name = " → ".join(formatting.label("state", state) for state in pair)
            heading = value_name(LICIT_TRADE, "heading", row.heading)
            cells = (heading, row.shipped, row.received, _signed(row.difference))
            rows.append(Row(name, cells))
    measures = (formatting.label("trade_measure", code) for code in MOVED)
    pair_name, difference = message("Exporter and importer"), message("Difference")
    return Picture(
        "differences",
        translate(message("Where exporter and importer differ most")),
        (translate(pair_name), head("heading"), *measures, translate(difference)),
        rows,
        links=links("account.mirror_page", year=source.year)._replace(ignored=source.ignored()),
    )


def _fates(source: Source) -> Iterator[Picture]:
    """Yield what became of the guns, and their marks; of other states as they are released."""
    listed = (each for each in releases.list_published() if each.year == source.year)
    newest = next(listed, None)
    release = releases.read_published(newest.id) if newest else None
    note = message(
        "The year is that of the disposition, whenever the gun was found. A later disposition"
        " replaces an earlier one."
    )
    yield _ranking(source, "disposition", DISPOSITIONS, translate(note))
    if source.actor.state:
        yield _ranking(source, "disposition", note=translate(DISPOSED))
        yield _ranking(source, "marking")
    elif release:
        yield _released(source, release)
    if release and source.actor.state:
        yield _compared(source, release)


def _released(source: Source, release: releases.ReleaseView) -> Picture:
    picture = released_picture(release, "markings", source.state or "")
    assert picture.links
    return replace(picture, links=picture.links._replace(ignored=source.ignored()))


def _compared(source: Source, release: releases.ReleaseView) -> Picture:
    """Return the own figures as released and those of today."""
    content = next(table.content or {} for table in release.tables if table.code == "seizures")
    released = Counter[str]()
    for (state, column), amount in published_cells(content).items():
        if state == source.state and column:
            released[column.split("|")[1]] += amount or 0
    live = source.sums(SEIZURES, "class")
    day = release.published_at.date()
    columns = (
        formatting.label("dimension", "class"),
        translate(message("Released {day}", day=formatting.short_day(day))),
        translate(message("Today")),
        translate(message("Difference")),
    )
    return Picture(
        "released",
        translate(message("As released, and as recorded today")),
        columns,
        [
            Row(
                value_name(SEIZURES, "class", name),
                (released[name], live[name], _signed(live[name] - released[name])),
            )
            for name in largest_first(released | live)
        ],
        links=release_links(release, "seizures"),
    )


def _coverage(source: Source) -> Picture:
    """Return which states have figures of what, and in which months they have no seizures."""
    source = replace(source, where={})
    permits = source.tally(PERMITS, "permit", "state")
    trade = source.tally(LICIT_TRADE, "measure", "state")
    sums = {
        formatting.label("dataset", each.code): source.sums(each)
        for each in (SEIZURES, TRACES, REQUESTS)
    }
    sums[formatting.label("dataset", PERMITS.code)] = sum(permits.values(), Counter[str]())
    sums |= {formatting.label("trade_measure", code): trade[code] for code in MOVED}
    withheld = queries.withheld_states()
    not_given = translate(message("not given"))
    coverage = list_coverage(source.actor, REPORTED, source.year)
    months = {each.state: each for each in coverage if each.dataset == SEIZURES.code}
    reporting = {each.state for each in coverage if each.with_records}
    states = sort_states(names.participants())
    empty = [state_name(each) for each in states if each not in {*reporting, *withheld}]
    note = message(
        "Without any figure: {states}. A year is whole if each month has seizures.",
        states=", ".join(empty) or "–",
    )
    rows = [
        Row(
            formatting.label("state", state),
            [
                list_missing(months[state]) if state in months else not_given,
                *(
                    each[state] or (not_given if state in withheld else "–")
                    for each in sums.values()
                ),
            ],
        )
        for state in sorted(states, key=lambda state: state in reporting)
    ]
    return Picture(
        "coverage",
        translate(message("Which states have figures")),
        (head("state"), translate(message("Months without seizures")), *sums),
        rows,
        note=translate(note),
    )
