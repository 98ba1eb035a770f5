"""Profiles: what the columns of a source mean, as data that a state writes without code.

A profile is TOML in a file and JSON in the database. `docs/import-profiles.md` explains it by examples.
"""

import dataclasses
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any, Final, get_args, get_origin, get_type_hints

import tomli_w

from importers.reading.cells import DATE_ORDERS
from importers.reading.patterns import MAX_SIZE, SERIALS, compile_pattern
from importers.reading.tables import SHEET, fold
from importers.subjects import SUBJECTS, targets
from salsa_ext.core.errors import Invalid, Message, message

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
TEXT: Final = re.compile(r"[^\x00\ud800-\udfff]*")
MAX_TEXT: Final = 2_000
MAX_ROWS: Final = 10_000_000


@dataclass(frozen=True)
class Source:
    """Where the value of a field comes from.

    The first of `columns` that holds something, or all of them joined by `join`. `part` is a regular
    expression whose first group is the value. `values` replaces texts, compared without case and
    accents; `*` means every other text, and "" for none. `split` cuts a text into several
    values of a list.
    """

    columns: tuple[str, ...]
    join: str | None = None
    part: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    split: str = ""
    dates: str = ""


@dataclass(frozen=True)
class Skip:
    """Rows that become no document: where each cell of `when` fits its regular expression.

    The column `*` is the first cell of a row that holds something.
    """

    reason: str
    when: Mapping[str, str]


@dataclass(frozen=True)
class DocumentMapping:
    """A document that rows become.

    `number` is its natural key: `{column}` means a cell, `{*}` for a digest of all cells, and
    `{#}` for how many rows before and with this have the same number up to here. With `group` rows
    of one number are one document. It is made where each column of `when` holds something.
    """

    subject: str
    number: str
    fields: Mapping[str, Source]
    constants: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[str, ...] = ()
    group: bool = False

    def number_columns(self) -> list[str]:
        """Return the columns that the natural key is made of."""
        return [name for name in self.number_parts[1] if name not in ("#", "*")]

    @cached_property
    def number_parts(self) -> tuple[list[str], list[str]]:
        """Return the texts around the placeholders of the number, and the names of these."""
        parts = PLACEHOLDER.split(self.number)
        return parts[::2], [*map(column_of, parts[1::2])]

    def used_columns(self) -> list[str]:
        """Return the columns of the fields, of conditions and of the natural key."""
        columns = [column for source in self.fields.values() for column in source.columns]
        return [*columns, *self.when, *self.number_columns()]


@dataclass(frozen=True)
class Agency:
    """An agency of the source, registered with the first rows if it is missing."""

    code: str
    kind: str
    name: str
    time_zone: str


@dataclass(frozen=True)
class Profile:
    """What a source's files hold, and what becomes of their rows.

    `state` is whose records they are, any state's if empty. `columns` gives a column of the profile
    its spellings in files. `values` are replacements by column, as in `Source`. Fewer usable rows
    than `least`, or more than `most`, are another file. A `full` file holds every document, so that
    one that is missing has vanished. `lenient`: columns may be missing. `serials` cuts the cell of a
    column into several guns: by a regular expression, or `*` between serials. Empty cells and ditto
    signs in columns of `above` mean as in the row above. With `once` the row of a gun that its
    document has already is skipped. With `restored` a star behind a serial says that a laboratory
    restored it; each of the signs in `unread` is one character that was not read. `sheets` are read
    as one table, `*` all with the columns of the fittest; without them the fittest alone.
    """

    name: str
    documents: tuple[DocumentMapping, ...]
    title: str = ""
    state: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skip: tuple[Skip, ...] = ()
    agencies: tuple[Agency, ...] = ()
    dates: str = "dmy"
    sheets: tuple[str, ...] = ()
    least: int = 1
    most: int = MAX_ROWS
    full: bool = False
    lenient: bool = False
    serials: Mapping[str, str] = field(default_factory=dict)
    above: tuple[str, ...] = ()
    once: bool = False
    restored: bool = False
    unread: str = ""

    def spellings(self) -> dict[str, str]:
        """Return each column of the profile by the folded spellings of files."""
        named = {fold(text): column for column, texts in self.columns.items() for text in texts}
        own = {fold(column): column for column in self.used_columns() if column not in self.columns}
        return own | named

    def used_columns(self) -> list[str]:
        """Return the columns that the profile names, in order."""
        used = [
            *(column for mapping in self.documents for column in mapping.used_columns()),
            *(column for skip in self.skip for column in skip.when if column != "*"),
            *self.values,
            *self.serials,
            *self.above,
        ]
        return list(dict.fromkeys(used))

    def permissions(self) -> list[str]:
        """Return what an account needs for the documents, in order."""
        return sorted({str(SUBJECTS[each.subject].permission) for each in self.documents})

    def has_bounds(self) -> bool:
        """Return whether a file of another size is refused."""
        return self.least > 1 or self.most < MAX_ROWS


def column_of(placeholder: str) -> str:
    """Return the column of a part of a natural key; `sheet` is the name of the sheet."""
    return SHEET if placeholder == "sheet" else placeholder


def name_of_file(stem: str) -> str:
    """Return the name of a profile for files like one of this name."""
    return re.sub(r"[^a-z0-9]+", "-", fold(stem)).strip("-")[:60] or "file"


# --- as data ------------------------------------------------------------------------------------


def to_data(profile: Profile) -> dict[str, Any]:
    """Return a profile as TOML and JSON have it, without what is at its default."""
    data: dict[str, Any] = _plain(profile)
    for mapping in data["documents"]:
        mapping["fields"] = {
            path: source["columns"][0] if _is_plain_column(source) else source
            for path, source in mapping.get("fields", {}).items()
        }
    return data


def _is_plain_column(source: Mapping[str, Any]) -> bool:
    return [*source] == ["columns"] and len(source["columns"]) == 1


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            each.name: _plain(inner)
            for each in dataclasses.fields(value)
            if (inner := getattr(value, each.name)) not in (None, (), {}, False, each.default)
            and (inner != "" or each.default is None)
        }
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (tuple, list)) else value


def from_data(data: Any) -> Profile:
    """Return the profile of data; raises Invalid, with a problem by path."""
    problems: dict[str, list[Message]] = {}
    try:
        profile = _read_profile(data)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        text = message("The profile cannot be read: {error}.", error=str(error)[:200])
        raise Invalid({"profile": [text]}) from None
    if wrong := [*_wrong_values(profile, Profile)]:
        text = message("This value is of another type, too long, or no text. Correct it.")
        raise Invalid({path or "profile": [text] for path in wrong})
    for path, text in _problems(profile):
        problems.setdefault(path, []).append(text)
    if problems:
        raise Invalid(problems)
    return profile


def _read_profile(data: Any) -> Profile:
    named = dict(data)
    named["documents"] = tuple(_read_mapping(dict(each)) for each in named["documents"])
    named["skip"] = tuple(Skip(**each) for each in named.get("skip", ()))
    named["agencies"] = tuple(Agency(**each) for each in named.get("agencies", ()))
    columns = named.get("columns", {})
    named["above"] = (*named.get("above", ()),)
    sheet = named.pop("sheet", None)
    named["sheets"] = (sheet,) if sheet else (*named.get("sheets", ()),)
    named["columns"] = {name: (*texts,) for name, texts in columns.items()}
    return Profile(**named)


def _read_mapping(data: dict[str, Any]) -> DocumentMapping:
    sources = {path: _read_source(each) for path, each in data.pop("fields", {}).items()}
    return DocumentMapping(fields=sources, when=tuple(data.pop("when", ())), **data)


def _read_source(data: Any) -> Source:
    if isinstance(data, str):
        return Source((data,))
    if isinstance(data, list):
        return Source(tuple(data))
    return Source(**{**data, "columns": tuple(data["columns"])})


def _wrong_values(value: Any, hint: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value that is not of its declared type."""
    inner = get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        for name, each in get_type_hints(hint).items():
            yield from _wrong_values(getattr(value, name), each, f"{path}.{name}".lstrip("."))
    elif get_origin(hint) is tuple and isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from _wrong_values(each, inner[0], f"{path}.{at}")
    elif get_origin(hint) is Mapping and isinstance(value, Mapping):
        for key, each in value.items():
            yield from _wrong_values(key, str, path)
            yield from _wrong_values(each, inner[1], path)
    elif hint is Any and isinstance(value, list):
        for each in value:
            yield from _wrong_values(each, Any, path)
    elif not _is_plain(value, (str, int, float, bool) if hint is Any else inner or (hint,)):
        yield path


def _is_plain(value: Any, types: tuple[Any, ...]) -> bool:
    if isinstance(value, str):
        return str in types and len(value) <= MAX_TEXT and TEXT.fullmatch(value) is not None
    return type(value) in types


def _problems(profile: Profile) -> Iterator[tuple[str, Message]]:
    if not NAME.fullmatch(profile.name):
        yield "name", message("A name has small letters, digits and hyphens, such as permits-2020.")
    if not profile.documents:
        yield "documents", message("A profile says what the rows become. Add a document.")
    if profile.dates not in DATE_ORDERS:
        yield "dates", message("One of: {choices}.", choices=", ".join(DATE_ORDERS))
    for at, mapping in enumerate(profile.documents):
        if mapping.subject not in SUBJECTS:
            text = message("One of: {choices}.", choices=", ".join(SUBJECTS))
            yield f"documents.{at}.subject", text
            continue
        known = targets(SUBJECTS[mapping.subject].value)
        for path in {*mapping.fields, *mapping.constants} - {*known}:
            text = message("There is no field {path}. salsa import fields lists them.", path=path)
            yield f"documents.{at}.fields.{path}", text
        if not mapping.number:
            text = message("A natural key makes a second run find its documents. Give a number.")
            yield f"documents.{at}.number", text
    yield from _pattern_problems(profile)


def _pattern_problems(profile: Profile) -> Iterator[tuple[str, Message]]:
    size = 0
    for path, pattern in _patterns(profile):
        try:
            compiled = compile_pattern(pattern)
        except ValueError:
            text = message(
                "This regular expression cannot be used: {pattern}. RE2 has to know it.",
                pattern=str(pattern)[:100],
            )
            yield path, text
            continue
        size += getattr(compiled, "programsize", 0)  # none of the program's own
        if path.endswith(".part") and not compiled.groups:
            text = message("Put brackets around what is the value: {pattern}.", pattern=pattern)
            yield path, text
    if size > MAX_SIZE:
        yield "profile", message("Its regular expressions are too large. Shorten them.")


def _patterns(profile: Profile) -> Iterator[tuple[str, str]]:
    for at, mapping in enumerate(profile.documents):
        for path, source in mapping.fields.items():
            patterns = {"part": source.part, "split": source.split}
            yield from (
                (f"documents.{at}.fields.{path}.{name}", each)
                for name, each in patterns.items()
                if each
            )
    yield from (("skip", each) for skip in profile.skip for each in skip.when.values())
    yield from (("serials", each) for each in profile.serials.values() if each != SERIALS)


def to_toml(profile: Profile) -> str:
    """Return the text of a profile's file."""
    return tomli_w.dumps(to_data(profile))


def from_toml(text: str) -> Profile:
    """Return the profile of a file's text; raises Invalid."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(
            {"profile": [message("This is no TOML: {error}.", error=str(error))]}
        ) from None
    return from_data(data)


def shipped_profiles() -> dict[str, Profile]:
    """Return the profiles that come with the program, by name."""
    folder = files("importers").joinpath("shipped")
    read = [
        from_toml(each.read_text("utf-8"))
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    ]
    return {profile.name: profile for profile in sorted(read, key=lambda each: each.name)}
