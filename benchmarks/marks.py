"""Marks of realistic makers and formats, corrupted queries, a filled database."""

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import create_engine, text

from salsa_ext.access.rules import operator
from salsa_ext.core.errors import Invalid
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, transaction
from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.models import MarkKey

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOOK_ALIKE: Final = {
    "0": "OQD",
    "O": "0QD",
    "Q": "0O",
    "D": "0O",
    "1": "IL",
    "I": "1L",
    "L": "1I",
    "2": "Z",
    "Z": "2",
    "5": "S",
    "S": "5",
    "6": "G",
    "G": "6",
    "8": "B",
    "B": "8",
}


class SerialFormat(NamedTuple):
    """Serial format of a maker: `A` a letter, `#` a digit.

    A family has the same first letters; `share` of its numbers are used. Without letters it is
    always dense.
    """

    make: str
    calibres: tuple[str, ...]
    type: str
    country: str
    pattern: str
    share: float
    weight: int


FORMATS: Final = (
    SerialFormat("taurus", ("9x19", "380-acp", "38-special"), "pistol", "BRA", "AAA#####", 0.3, 18),
    SerialFormat("glock", ("9x19", "40-sw"), "pistol", "AUT", "AAAA###", 0.7, 14),
    SerialFormat("smith-wesson", ("9x19", "38-special"), "revolver", "USA", "AAA####", 0.5, 12),
    SerialFormat("ruger", ("9x19", "22-lr"), "pistol", "USA", "########", 0.2, 10),
    SerialFormat("colt", ("45-acp",), "pistol", "USA", "A#####", 0.5, 6),
    SerialFormat("bersa", ("380-acp", "9x19"), "pistol", "ARG", "######", 0.6, 6),
    SerialFormat("star", ("9x19",), "pistol", "ESP", "######", 0.6, 6),  # the numbers of bersa
    SerialFormat("rossi", ("38-special",), "revolver", "BRA", "A######", 0.4, 8),
    SerialFormat("beretta", ("9x19",), "pistol", "ITA", "A#####A", 0.3, 8),
    SerialFormat("norinco", ("7.62x39",), "rifle", "CHN", "#######", 0.1, 6),
    SerialFormat("cugir", ("7.62x39",), "rifle", "ROU", "A######AA", 0.05, 6),
    SerialFormat("imbel", ("7.62x51", "45-acp"), "rifle", "BRA", "AAA######", 0.02, 6),
)


class Gun(NamedTuple):
    """A gun with its serial."""

    serial: str
    make: str
    calibre: str
    type: str
    country: str
    dense: str


ONE_ERROR = ("confusable", "substitution", "deletion", "insertion", "transposition")


@dataclass(frozen=True)
class MarkQuery:
    """Query: text read, class of corruption, index of the true gun."""

    read: str
    corruption: str
    make: str | None
    calibre: str | None
    truth: int | None
    dense: str

    @property
    def named(self) -> str:
        """Return whether make and calibre are given."""
        return "named" if self.make else "not named"

    @property
    def slip(self) -> str:
        """Return the group of single errors with make and calibre."""
        return "one, named" if self.make and self.corruption in ONE_ERROR else "other"


def make_guns(count: int, draw: random.Random, families: int | None = None) -> list[Gun]:
    """Return guns of growing families, or of a fixed number of families."""
    total = sum(form.weight for form in FORMATS)
    guns: list[Gun] = []
    for form in FORMATS:
        needed = count * form.weight // total
        guns += _family_by_family(form, needed, draw, families)
    draw.shuffle(guns)
    return guns


def _family_by_family(
    form: SerialFormat, needed: int, draw: random.Random, families: int | None
) -> Iterator[Gun]:
    letters = len(form.pattern) - len(form.pattern.lstrip("A"))
    size = 10 ** form.pattern.count("#") * 26 ** (form.pattern.count("A") - letters)
    each = max(1, needed // families) if families else max(1, int(size * form.share))
    dense = _density(min(each, needed) / size)
    while needed > 0:
        prefix = "".join(draw.choices(LETTERS, k=letters))
        calibre = draw.choice(form.calibres)
        for number in draw.sample(range(size), min(each, needed, size)):
            serial = prefix + _serial_from_number(form.pattern[letters:], number)
            if len(set(serial)) > 1:  # 666666 is read as a placeholder for no serial
                yield Gun(serial, form.make, calibre, form.type, form.country, dense)
        needed -= each


def _serial_from_number(pattern: str, number: int) -> str:
    glyphs = []
    for kind in reversed(pattern):
        number, rest = divmod(number, 10 if kind == "#" else 26)
        glyphs.append(str(rest) if kind == "#" else LETTERS[rest])
    return "".join(reversed(glyphs))


def _density(share: float) -> str:
    return "dense" if share >= 0.3 else "medium" if share >= 0.05 else "sparse"


def make_queries(guns: list[Gun], count: int, draw: random.Random) -> list[MarkQuery]:
    """Return queries of all classes; half have no true record."""
    known = {(gun.serial, gun.make) for gun in guns}
    return [
        _make_query(guns, known, name, at % 2 == 0, draw)
        for at in range(count // len(CORRUPTIONS))
        for name in CORRUPTIONS
    ]


def _make_query(
    guns: list[Gun], known: set[tuple[str, str]], name: str, is_true: bool, draw: random.Random
) -> MarkQuery:
    while True:
        truth = draw.randrange(len(guns))
        gun = guns[truth] if is_true else _unknown_gun(guns[truth], known, draw)
        read = CORRUPTIONS[name](gun.serial, draw) if gun else None
        if (gun and read and read != gun.serial) or (gun and name == "clean"):
            break
    make, calibre = _make_and_calibre(guns, gun, draw)
    return MarkQuery(read or gun.serial, name, make, calibre, truth if is_true else None, gun.dense)


def _unknown_gun(like: Gun, known: set[tuple[str, str]], draw: random.Random) -> Gun | None:
    """Return an unrecorded gun of the same family."""
    serial = "".join(
        draw.choice("0123456789") if glyph.isdigit() else glyph for glyph in like.serial
    )
    return None if (serial, like.make) in known else like._replace(serial=serial)


def _make_and_calibre(
    guns: list[Gun], gun: Gun, draw: random.Random
) -> tuple[str | None, str | None]:
    """Return make and calibre for most queries. In 80 % of cases, of which 5 % are wrong."""
    if draw.random() < 0.2:
        return None, None
    wrong = draw.choice(guns) if draw.random() < 0.05 else gun
    return wrong.make, wrong.calibre


def _replace_glyph(serial: str, at: int, glyph: str) -> str:
    return serial[:at] + glyph + serial[at + 1 :]


def _confuse(serial: str, draw: random.Random, most: int = 1) -> str | None:
    places = [at for at, glyph in enumerate(serial) if glyph in LOOK_ALIKE]
    if not places:
        return None
    for at in draw.sample(places, min(most, len(places))):
        serial = _replace_glyph(serial, at, draw.choice(LOOK_ALIKE[serial[at]]))
    return serial


def _substitute(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial))
    kind = "0123456789" if serial[at].isdigit() else LETTERS
    return _replace_glyph(serial, at, draw.choice(kind.replace(serial[at], "")))


def _delete(serial: str, draw: random.Random) -> str:
    return _replace_glyph(serial, draw.randrange(len(serial)), "")


def _insert(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial) + 1)
    neighbour = serial[min(at, len(serial) - 1)]
    return serial[:at] + draw.choice("0123456789" if neighbour.isdigit() else LETTERS) + serial[at:]


def _transpose(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial) - 1)
    return serial[:at] + serial[at + 1] + serial[at] + serial[at + 2 :]


def _corrupt_twice(serial: str, draw: random.Random) -> str:
    first, second = draw.choices((_substitute, _delete, _insert, _transpose), k=2)
    return second(first(serial, draw), draw)


def _drop_prefix(serial: str, _: random.Random) -> str | None:
    rest = serial.lstrip(LETTERS)
    return rest if rest != serial else None


def _hide_glyphs(count: int) -> Callable[[str, random.Random], str]:
    def corrupt(serial: str, draw: random.Random) -> str:
        for at in draw.sample(range(len(serial)), count):
            serial = _replace_glyph(serial, at, "?")
        return serial

    return corrupt


def _keep_half(serial: str, draw: random.Random) -> str:
    half = (len(serial) + 1) // 2
    return draw.choice((serial[:half] + "*", "*" + serial[-half:]))


CORRUPTIONS: Final[dict[str, Callable[[str, random.Random], str | None]]] = {
    "clean": lambda serial, _: serial,
    "confusable": _confuse,
    "confusables": lambda serial, draw: _confuse(serial, draw, 3),
    "substitution": _substitute,
    "deletion": _delete,
    "insertion": _insert,
    "transposition": _transpose,
    "two errors": _corrupt_twice,
    "prefix dropped": _drop_prefix,
    "one unread": _hide_glyphs(1),
    "two unread": _hide_glyphs(2),
    "three unread": _hide_glyphs(3),
    "half": _keep_half,
}

BATCH_ROWS: Final = 20_000
BULK_ROWS: Final = 1_000_000
"""More marks than these are written before their indexes are made, which takes a tenth of the time."""
MARK_TABLES: Final = ("mark_key", "mark_variant")
SEED: Final = 11
ProgressBar = Callable[[int], None]
RowWriter = Callable[[Sequence[Mapping[str, Any]]], None]


class MarkDatabase(NamedTuple):
    """Guns of a filled database, and rows written a second."""

    guns: list[Gun]
    rows_per_second: float


def fill_marks(
    owner_url: str, count: int, bar: ProgressBar, marker: Path, families: int | None = None
) -> MarkDatabase:
    """Fill the database with `count` marks, unless the `marker` file has them.

    Raises Invalid if the database was filled otherwise.
    """
    guns = make_guns(count, random.Random(SEED), families)
    content = {"marks": len(guns), "families": families}
    if marker.exists():
        stored = json.loads(marker.read_text())
        speed = stored.pop("rows_per_second")
        if stored != content:
            raise Invalid(f"{marker.parent} holds {stored}; name another folder")
        return MarkDatabase(guns, speed)
    began = time.perf_counter()
    with (
        _without_indexes(owner_url)
        if len(guns) > BULK_ROWS
        else nullcontext(record_writing.write_variants) as write
    ):
        _write_marks(guns, bar, write)
    speed = round(len(guns) / (time.perf_counter() - began), 1)
    marker.write_text(json.dumps(content | {"rows_per_second": speed}))
    return MarkDatabase(guns, speed)


def vacuum(owner_url: str, statement: str = "VACUUM ANALYZE") -> None:
    """Update the planner's statistics."""
    engine = create_engine(owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


@contextmanager
def _without_indexes(owner_url: str) -> Iterator[RowWriter]:
    """Drop the indexes within the block; give the writer to use."""
    engine = create_engine(owner_url, isolation_level="AUTOCOMMIT")
    with closing(engine.connect()) as connection:
        indexes = list(connection.execute(text(INDEX_QUERY), {"tables": list(MARK_TABLES)}))
        for table, name, _ in indexes:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"))
            connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
        yield record_writing.write_new_variants
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        for _, _, definition in indexes:
            connection.execute(text(definition))
    engine.dispose()


INDEX_QUERY: Final = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename = ANY(:tables)"
)


def _write_marks(guns: Sequence[Gun], bar: ProgressBar, write: RowWriter) -> None:
    draw = random.Random(7)
    for start in range(0, len(guns), BATCH_ROWS):
        some = guns[start : start + BATCH_ROWS]
        rows = [_mark_row(gun, start + at, draw) for at, gun in enumerate(some)]
        with transaction(operator("USA")):
            write(rows)
            insert_many(MarkKey, rows)
        bar(len(rows))
    db.session.remove()


def _mark_row(gun: Gun, place: int, draw: random.Random) -> dict[str, Any]:
    key = keys.whole_key(gun.serial)
    assert key is not None
    return {
        "key": key.value,
        "mark_id": UUID(int=place),
        "record_id": UUID(int=place),
        "record_version": 1,
        "state": "USA",
        "serial_norm": key.norm,
        "skeleton": key.skeleton,
        "event": "domestic_sale",
        "occurred_on": date(2015, 1, 1) + timedelta(draw.randrange(3000)),
        "make": gun.make,
        "calibre": gun.calibre,
        "type": gun.type,
        "country": gun.country,
        "year": None,
        "visibility": "open",
        "is_superseded": False,
        "is_void": False,
        "model": None,
    }
