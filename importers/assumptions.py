"""What a file seems to mean beyond its columns, to turn off or on; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from importers.bodies import STAR
from importers.profiles import Profile, Skip
from importers.reading.row_kinds import RowAbove, SkipRules, summary
from importers.reading.tables import Row, fold


@dataclass(frozen=True)
class Assumption:
    """Something that a draft of a profile has found; `is_on` if the profile reads the file so.

    `kind` is a member of profiles: `above`, `once`, `restored`, `skip` with the reason as `name`, or
    `values` with the column. Of rows that it is about there are the `count`, and number and beginning
    of the first.
    """

    kind: str
    is_on: bool
    name: str = ""
    count: int = 0
    row: int = 0
    text: str = ""


def with_columns_of(profile: Profile, drafted: Profile) -> Profile:
    """Return a draft with the columns named as a profile names them."""
    spellings = profile.spellings()

    def name(column: str) -> str:
        return spellings.get(fold(column) or column, column)

    return replace(
        drafted,
        above=tuple(map(name, drafted.above)),
        values={name(column): key for column, key in drafted.values.items()},
        skip=tuple(
            Skip(each.reason, {name(column): text for column, text in each.when.items()})
            for each in drafted.skip
        ),
    )


def find_assumptions(
    profile: Profile, drafted: Profile, rows: Sequence[Row]
) -> Iterator[Assumption]:
    """Yield the assumptions of a profile or draft about a file; `rows` are those that it counts."""
    if above := profile.above or drafted.above:
        counted, columns = _count_above(replace(profile, above=above), rows)
        names = ", ".join(columns or above)
        yield Assumption("above", bool(profile.above), names, *counted)
    if profile.once or drafted.once:
        yield Assumption("once", profile.once, "", *_count_repeated(profile, rows))
    starred = [row for row in rows if any(map(STAR.search, _serials(profile, row)))]
    if profile.restored or drafted.restored or starred:
        yield Assumption("restored", profile.restored, "", *_counted(starred))
    on = {each.reason for each in profile.skip}
    for reason, (count, row) in _count_skipped(profile, _all_skips(profile, drafted), rows).items():
        yield Assumption("skip", reason in on, reason, count, row.number, summary(row.cells))
    for column in {**drafted.values, **profile.values}:
        yield Assumption("values", column in profile.values, column)


def assume(profile: Profile, drafted: Profile, chosen: Mapping[Assumption, bool]) -> Profile:
    """Return a profile that reads a file as it was chosen; what was not offered stays."""
    for each, is_on in chosen.items():
        if is_on != each.is_on:
            profile = _turned(profile, drafted, each)
    return profile


def _turned(profile: Profile, drafted: Profile, each: Assumption) -> Profile:
    if each.kind == "above":
        return replace(profile, above=() if each.is_on else drafted.above)
    if each.kind == "once":
        return replace(profile, once=not each.is_on)
    if each.kind == "restored":
        return replace(profile, restored=not each.is_on)
    if each.kind == "values":
        key = {} if each.is_on else {each.name: drafted.values[each.name]}
        others = {name: texts for name, texts in profile.values.items() if name != each.name}
        return replace(profile, values=others | key)
    skips = profile.skip if each.is_on else _all_skips(profile, drafted)
    on = {skip.reason for skip in profile.skip} ^ {each.name}
    return replace(profile, skip=tuple(skip for skip in skips if skip.reason in on))


def _all_skips(profile: Profile, drafted: Profile) -> list[Skip]:
    on = {each.reason for each in profile.skip}
    return [*profile.skip, *(each for each in drafted.skip if each.reason not in on)]


Counted = tuple[int, int, str]
"""How many rows, and number and beginning of the first."""


def _counted(rows: Sequence[Row]) -> Counted:
    return (len(rows), rows[0].number, summary(rows[0].cells)) if rows else (0, 0, "")


def _count_above(profile: Profile, rows: Sequence[Row]) -> tuple[Counted, list[str]]:
    """Count the rows with cells that the row above fills; return their columns, too."""
    above, filled, columns = RowAbove(profile), list[Row](), set[str]()
    names = profile.used_columns()
    for row, texts in _texts(profile, rows):
        given = {name: texts.get(name, "") for name in names}
        after = above.fill({**given})
        if changed := [name for name in names if after[name] != given[name]]:
            filled.append(row)
            columns.update(changed)
    return _counted(filled), [
        name for name in dict.fromkeys((*profile.above, *names)) if name in columns
    ]


def _count_repeated(profile: Profile, rows: Sequence[Row]) -> Counted:
    """Count the rows whose document has their serial already, as far as cells alone tell it."""
    above, again, before = RowAbove(profile), list[Row](), set[tuple[str, ...]]()
    names = profile.used_columns()
    numbers = [name for each in profile.documents for name in each.number_columns()]
    for row, texts in _texts(profile, rows):
        serials = _serials(profile, row)
        texts = above.fill({name: texts.get(name, "") for name in names})
        key = (*(texts[name] for name in numbers), *serials)
        if any(sum(map(str.isdigit, serial)) > 1 for serial in serials):
            again += [row] if key in before else []
            before.add(key)
    return _counted(again)


def _serials(profile: Profile, row: Row) -> list[str]:
    """Return the cells of a row that serials are read from."""
    spellings = profile.spellings()
    names = {
        name
        for mapping in profile.documents
        for path, source in mapping.fields.items()
        if path.rpartition(".")[2] == "serial"
        for name in source.columns
    }
    return [
        text
        for column, text in row.cells.items()
        if text and spellings.get(fold(column), column) in names
    ]


def _texts(profile: Profile, rows: Sequence[Row]) -> Iterator[tuple[Row, dict[str, str]]]:
    """Yield each row with its texts by the columns of a profile."""
    spellings = profile.spellings()
    columns = {column for row in rows for column in row.cells}
    names = {column: spellings.get(fold(column), column) for column in columns}
    for row in rows:
        texts = {names[column]: text for column, text in row.cells.items()}
        for name, key in profile.values.items():
            texts[name] = key.get(text := texts.get(name, ""), text)
        yield row, texts


def _count_skipped(
    profile: Profile, skips: Sequence[Skip], rows: Sequence[Row]
) -> dict[str, tuple[int, Row]]:
    """Return how many rows are skipped for each reason, and the first."""
    rules, counts = SkipRules(skips), dict[str, tuple[int, Row]]()
    for row, texts in _texts(profile, rows):
        if skip := rules.find(texts, row.cells):
            count, first = counts.get(skip.reason, (0, row))
            counts[skip.reason] = count + 1, first
    return counts
