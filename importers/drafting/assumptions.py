"""What a file seems to mean beyond its columns, to turn off or on; pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from importers.bodies import STAR
from importers.profiles import DocumentMapping, Profile, Skip
from importers.reading.row_kinds import (
    ANY,
    RowAbove,
    SkipRules,
    columns_above,
    find_skips,
    is_ditto,
    summary,
)
from importers.reading.tables import Row, fold
from importers.subjects import SUBJECTS, is_item, targets


@dataclass(frozen=True)
class Assumption:
    """Something that a draft of a profile has found; `is_on` if the profile reads the file so.

    `kind` is a member of profiles: `once`, `restored`, `unread`, `skip` with the reason as `name`, or
    `above` and `values` with the column. Of rows that it is about there are the `count`, and number
    and beginning of the first.
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
    offered = _columns_with_gaps(profile, rows)
    above, repeated, starred = _count_kept(replace(profile, above=offered), rows)
    for column in offered:
        yield Assumption("above", column in profile.above, column, *_counted(above[column]))
    if profile.once or drafted.once:
        yield Assumption("once", profile.once, "", *repeated)
    if profile.restored or drafted.restored or starred[0]:
        yield Assumption("restored", profile.restored, "", *starred)
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
        above = tuple(name for name in profile.above if name != each.name)
        return replace(profile, above=above if each.is_on else (*above, each.name))
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


def follow_columns(
    profile: Profile, before: DocumentMapping, drafted: Profile, rows: Sequence[Row]
) -> Profile:
    """Return a profile with rules for empty cells and rows without guns that fit its columns.

    Those of columns that have the field of `before` stay, and so does what a person turned off.
    """
    [mapping] = profile.documents
    paths, former = _fields(mapping), _fields(before)
    moved = {each for each in {*paths, *former} if paths.get(each) != former.get(each)}
    if not moved:
        return profile
    cells = [texts for _, texts in _texts(profile, rows)]
    left = columns_above(cells, paths, mapping.number_columns())
    above = [each for each in profile.above if each not in moved]
    rules = [*find_skips(cells, paths)]
    off = {each.reason for each in drafted.skip} - {each.reason for each in profile.skip}
    known = {each.reason for each in rules}
    own = [each for each in profile.skip if each.reason not in known or literal_rule(each)]
    return replace(
        profile,
        above=(*above, *(each for each in left if each in moved)),
        skip=(*own, *(each for each in rules if each.reason not in off)),
    )


def literal_rule(skip: Skip) -> tuple[str, str] | None:
    """Return column and text of a rule for one text of one column; None for another rule."""
    [column, *others] = skip.when or [ANY]
    text = re.sub(r"\\(.)", r"\1", pattern := skip.when.get(column, ""))
    is_literal = bool(text) and not others and column != ANY and re.escape(text) == pattern
    return (column, text) if is_literal else None


def _fields(mapping: DocumentMapping) -> dict[str, str]:
    """Return the field of each column that a mapping reads."""
    fields = {each: path for path, source in mapping.fields.items() for each in source.columns}
    return dict.fromkeys(mapping.number_columns(), "number") | fields


def _columns_with_gaps(profile: Profile, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the columns that may be left to the row above, none that says something of a gun."""
    columns = dict.fromkeys(profile.above)
    texts = [texts for _, texts in _texts(profile, rows)]
    for mapping in profile.documents:
        known = targets(SUBJECTS[mapping.subject].value)
        for column, path in _fields(mapping).items():
            of_gun = any(is_item(each.type) for each in known[path][:-1])
            cells = (each.get(column, "") for each in texts)
            if not of_gun and any(not cell or is_ditto(cell) for cell in cells):
                columns[column] = None
    return (*columns,)


Counted = tuple[int, int, str]
"""How many rows, and number and beginning of the first."""


def _count_kept(
    profile: Profile, rows: Sequence[Row]
) -> tuple[Mapping[str, Sequence[Row]], Counted, Counted]:
    """Find the rows that leave a column to the row above; count those that repeat a gun, or have a star."""
    names, above, rules = profile.used_columns(), RowAbove(profile), SkipRules(profile.skip)
    sources = [each for mapping in profile.documents for each in mapping.fields.items()]
    serials = [
        name for path, source in sources if path.endswith("serial") for name in source.columns
    ]
    keys = [name for each in profile.documents for name in (*each.number_columns(), *serials)]
    left, guns = defaultdict[str, list[Row]](list), set[tuple[str, ...]]()
    repeated, starred = list[Row](), list[Row]()
    for row, texts in _texts(profile, rows):
        if rules.find(texts, row.cells):
            continue
        given = {name: texts.get(name, "") for name in names}
        filled = above.fill({**given})
        for name in names:
            if filled[name] != given[name]:
                left[name].append(row)
        gun = tuple(filled[name] for name in keys)
        starred += [row] if any(STAR.search(given[name]) for name in serials) else []
        if any(sum(map(str.isdigit, given[name])) > 1 for name in serials):
            repeated += [row] if gun in guns else []
            guns.add(gun)
    return left, _counted(repeated), _counted(starred)


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
