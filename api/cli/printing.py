"""What commands print: tables for people, JSON for programs."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import click

LONGEST: Final = 60


def echo_table(rows: Iterable[Sequence[Any]], indent: str = "") -> None:
    """Print rows in columns as wide as their content; nothing for no rows."""
    texts = [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo((indent + "  ".join(cells)).rstrip())


def print_json(body: Any) -> None:
    """Print JSON for people to read and programs to parse."""
    click.echo(json.dumps(body, indent=2, ensure_ascii=False))


def print_answer(body: Any) -> None:
    """Print an answer: a list as a table, one thing by its fields."""
    if isinstance(body, dict) and {*body} == {"items", "next"}:
        print_rows(body["items"])
    elif isinstance(body, dict):
        print_object(body)
    else:
        click.echo(body)


def print_object(body: Mapping[str, Any]) -> None:
    """Print the fields of a thing that have a value, then its lists as tables."""
    flat = dict(flatten(body))
    lists = {name: value for name, value in flat.items() if _is_rows(value)}
    echo_table([(name, _text(value)) for name, value in flat.items() if name not in lists])
    for name, rows in lists.items():
        click.echo(f"\n{name}: {len(rows)}")
        print_rows(rows, "  ")


def print_rows(rows: Sequence[Mapping[str, Any]], indent: str = "") -> None:
    """Print things as a table of the first fields that fit; a list inside is its length."""
    flats = [dict(flatten(row)) for row in rows]
    names = dict.fromkeys(name for flat in flats for name in flat)
    columns, room = list[list[str]](), shutil.get_terminal_size((120, 24)).columns - len(indent)
    for name in names:
        column = [name, *(_cut(_text(flat.get(name))) for flat in flats)]
        room -= max(map(len, column)) + 2
        if room < -2 and columns:
            break
        columns.append(column)
    echo_table(zip(*columns, strict=True), indent)


def print_fields(body: Any, names: Sequence[str]) -> None:
    """Print fields by their dotted names, a line for each thing and no heading."""
    if isinstance(body, dict) and {*body} == {"items", "next"}:
        body = body["items"]
    columns = [list(pick_values(body, name.strip().split("."))) for name in names]
    echo_table([_text(value) for value in row] for row in zip_longest(*columns))


def pick_values(body: Any, names: Sequence[str]) -> Iterator[Any]:
    """Give the values of a dotted name, of each thing in a list."""
    if isinstance(body, list) and (names or any(isinstance(each, dict) for each in body)):
        for each in body:
            yield from pick_values(each, names)
    elif not names:
        yield body
    else:
        value = body.get(names[0]) if isinstance(body, dict) else None
        yield from pick_values(value, names[1:])


def flatten(body: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Give the fields that have a value; those of objects by dotted names."""
    for name, value in body.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{before}{name}.")
        elif value is not None and value != []:
            yield f"{before}{name}", value


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _text(value: Any) -> str:
    if _is_rows(value):
        return str(len(value))
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "-" if value is None else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
