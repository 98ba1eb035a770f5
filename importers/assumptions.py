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

    `kind` is a member of profiles: `above`, `once`, `restored`, `unread`, `skip` with the reason as `name`, or
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
    above = profile.above or drafted.above
    columns, *counted = _count_kept(replace(profile, above=above), rows)
    if above:
        yield Assumption("above", bool(profile.above), ", ".join(columns or above), *counted[0])
    if profile.once or drafted.once:
        yield Assumption("once", profile.once, "", *counted[1])
    if profile.restored or drafted.restored or counted[2][0]:
        yield Assumption("restored", profile.restored, "", *counted[2])
    if profile.unread or drafted.unread:
        yield Assumption("unread", bool(profile.unread), profile.unread or drafted.unread)
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
    if each.kind == "unread":
        return replace(profile, unread="" if each.is_on else each.name)
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


def _count_kept(
    profile: Profile, rows: Sequence[Row]
) -> tuple[list[str], Counted, Counted, Counted]:
    """Count the rows that leave cells to the row above, repeat a gun, or have a star behind a serial.

    Before these are the columns that are left to the row above.
    """
    names, above, rules = profile.used_columns(), RowAbove(profile), SkipRules(profile.skip)
    sources = [each for mapping in profile.documents for each in mapping.fields.items()]
    serials = [
        name for path, source in sources if path.endswith("serial") for name in source.columns
    ]
    keys = [name for each in profile.documents for name in (*each.number_columns(), *serials)]
    left, repeated, starred = list[Row](), list[Row](), list[Row]()
    columns, guns = set[str](), set[tuple[str, ...]]()
    for row, texts in _texts(profile, rows):
        if rules.find(texts, row.cells):
            continue
        given = {name: texts.get(name, "") for name in names}
        filled = above.fill({**given})
        changed = {name for name in names if filled[name] != given[name]}
        columns |= changed
        gun = tuple(filled[name] for name in keys)
        left += [row] if changed else []
        starred += [row] if any(STAR.search(given[name]) for name in serials) else []
        if any(sum(map(str.isdigit, given[name])) > 1 for name in serials):
            repeated += [row] if gun in guns else []
            guns.add(gun)
    order = [name for name in dict.fromkeys((*profile.above, *names)) if name in columns]
    return order, _counted(left), _counted(repeated), _counted(starred)


def _counted(rows: Sequence[Row]) -> Counted:
    return (len(rows), rows[0].number, summary(rows[0].cells)) if rows else (0, 0, "")


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
