"""Declared fields: a field's type, limits, storage and readers, declared once on its dataclass.

A dataclass in `values` annotates each field with a `Field`; rows, corrections, answers, schemas,
files and documentation follow from it. A field without a group is for its owner alone.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import MISSING, dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

from salsa_ext.core.errors import Message

OWNER: Final = "owner"
"""The group of fields that only the owner reads; others do not learn that they exist."""
Function = TypeVar("Function", bound=Callable[..., Any])


def _once(function: Function) -> Function:
    """Cache a function and keep the types of its arguments."""
    return cast(Function, cache(function))


@dataclass(frozen=True, slots=True)
class Rule:
    """Limits of one value: length of a text, entries of a list, or range of a number.

    `form` names a format beyond the type: `state`, `post`, or `rough` for a date that may be known
    to the month or year alone.
    """

    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    form: Literal["", "state", "post", "rough"] = ""


Word = Annotated[str, Rule(most=100)]
"""A number, name or word of at most 100 characters."""
Name = Annotated[str, Rule(most=300)]
Text = Annotated[str, Rule(most=500)]
StateName = Annotated[str, Rule(form="state")]
"""A state by its ISO 3166-1 alpha-3 code."""
PostName = Annotated[str, Rule(form="post")]
"""A border post by its code."""
EventDate = Annotated[date, Rule(form="rough")]
"""A date of an event; in a row its column `…_on` is the first day, `…_within` how far it is known."""
LineNumber = Annotated[int, Rule(1, 1_000_000)]
Year = Annotated[int, Rule(1400, 2200)]


class Split(NamedTuple):
    """A field group by the value of a sibling; `otherwise` is the strictest."""

    sibling: str
    cases: Mapping[str, str]
    otherwise: str

    def group(self, value: Any) -> str:
        """Return the group for the object that holds the field."""
        return self.cases.get(getattr(value, self.sibling), self.otherwise)


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of a field besides its type.

    `group`: the field group of the release rules. `stored`: in a `column`, a nested object in
    `columns` of its own, in the JSON column `details`, in `rows` of other tables (written and read
    by hand), or `no`. `key`: its JSON name, if it differs. `shown_as`: the class of answers, if it
    differs. `needed`: fields of the nested object that are required here. `personal`: it names a
    person, or leads to one. `retain`: the years after which a private person's value is erased.
    """

    label: str
    group: str | Split = OWNER
    stored: Literal["column", "columns", "details", "rows", "no"] = "column"
    _: dataclasses.KW_ONLY
    column: str = ""
    key: str = ""
    personal: Literal["direct", "link"] | None = None
    retain: int | None = None
    needed: tuple[str, ...] = ()
    is_sent: bool = True
    is_shown: bool = True
    shown_as: type | None = None


class Member(NamedTuple):
    """A declared field of a class, read from its annotation.

    `limits` are those of one value, `size` those of a list.
    """

    name: str
    key: str
    column: str
    type: Any
    is_many: bool
    is_optional: bool
    default: Any
    limits: Rule
    size: Rule
    field: Field

    @property
    def is_nested(self) -> bool:
        """Return whether the value, or each of a list, is of a declared class."""
        return self.type not in WRITERS

    @property
    def shown_type(self) -> Any:
        """Return the type of the value in answers."""
        return self.field.shown_as or self.type


def _same(value: Any) -> Any:
    return value


def to_number(value: Decimal) -> int | float:
    """Return an amount as JSON has it."""
    return int(value) if value == int(value) else float(value)


WRITERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    str: _same,
    bool: _same,
    int: _same,
    float: _same,
    Decimal: to_number,
    UUID: str,
    date: lambda on: on.isoformat(),
    datetime: datetime.isoformat,
}
"""The types of plain values, and how JSON has each."""


@_once
def members(cls: type) -> tuple[Member, ...]:
    """Return the declared fields of a class; raises TypeError for one without declaration."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        _read_member(cls, field, hints[field.name])
        for field in dataclasses.fields(cls)
        if field.init
    )


def _read_member(cls: type, declared: Any, hint: Any) -> Member:
    whole, notes, is_optional = _unwrap(hint)
    inner, inner_notes = whole, notes
    if is_many := get_origin(whole) in (tuple, Collection):
        inner, inner_notes, _ = _unwrap(get_args(whole)[0])
    field = next((note for note in notes if isinstance(note, Field)), None)
    if field is None or not (inner in WRITERS or dataclasses.is_dataclass(inner)):
        raise TypeError(f"{cls.__name__}.{declared.name} has no Field, or a type unknown to JSON")
    limits = next((note for note in inner_notes if isinstance(note, Rule)), Rule())
    size = next((note for note in notes if is_many and isinstance(note, Rule)), Rule(most=100))
    names = declared.name, field.key or declared.name, field.column or declared.name
    return Member(*names, inner, is_many, is_optional, declared.default, limits, size, field)


def _unwrap(hint: Any) -> tuple[Any, list[Any], bool]:
    """Return a type without `Annotated` and None, its notes, and whether it may be None."""
    notes: list[Any] = []
    is_optional = False
    while get_origin(hint) in (Annotated, Union, UnionType):
        if get_origin(hint) is Annotated:
            notes += hint.__metadata__
            hint = hint.__origin__
        else:
            hint = next(argument for argument in get_args(hint) if argument is not NoneType)
            is_optional = True
    return hint, notes, is_optional


def build_value(cls: type, values: dict[str, Any]) -> Any:
    """Return a value of a declared class; ten times faster than its `__init__`."""
    value: Any = object.__new__(cls)
    value.__dict__.update(values)
    return value


# --- answers ------------------------------------------------------------------------------------

Step = tuple[str, str, Any, Callable[[Any], Any]]
"""A key, its attribute, whether it is shown (or a test of the object), and how it is written."""


@_once
def presenter(
    cls: type, groups: frozenset[str], is_inner: bool = False
) -> Callable[[Any], dict[str, Any]]:
    """Return a function from a value to what readers with these field groups get of it.

    A withheld field is None; inner objects leave it out, unless it is the owner's alone. A field of
    an inner object needs its own group and that of each object around it. The result is JSON data.
    """
    steps = [_present_step(member, groups) for member in members(cls) if member.field.is_shown]
    owned = {member.key for member in members(cls) if member.field.group == OWNER}

    def present(value: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for key, name, may, write in steps:
            if may is True or (may and may(value)):
                inner = getattr(value, name)
                answer[key] = None if inner is None else write(inner)
            elif not is_inner or key in owned:
                answer[key] = None
        return answer

    return present


def _present_step(member: Member, groups: frozenset[str]) -> Step:
    group = member.field.group
    may: Any = isinstance(group, str) and group in groups
    if isinstance(group, Split):
        may = lambda value: group.group(value) in groups  # noqa: E731 - as `write` below
    each = write = (
        presenter(member.shown_type, groups, is_inner=True)
        if member.is_nested
        else WRITERS[member.type]
    )
    if member.is_many:
        write = lambda values: [each(inner) for inner in values]  # noqa: E731
    return member.key, member.name, may, write


def hide_owner_fields(cls: type, value: Any) -> dict[str, Any]:
    """Return the attributes of a value for other states: what is its owner's alone is None."""
    visible: dict[str, Any] = {}
    for member in members(cls):
        if not hasattr(value, member.name):
            continue
        inner = getattr(value, member.name)
        if member.field.group == OWNER:
            inner = None
        elif member.is_nested and inner is not None:
            hide = partial(hide_owner_fields, member.shown_type)
            inner = [*map(hide, inner)] if member.is_many else hide(inner)
        visible[member.name] = inner
    return visible


def groups_with_values(value: Any) -> set[str]:
    """Return the field groups of which a value holds something, without the owner's own."""
    groups: set[str] = set()
    for member in members(type(value)):
        inner, group = getattr(value, member.name), member.field.group
        if isinstance(group, Split):
            group = group.group(value)
        if inner in (None, ()) or group == OWNER or not member.field.is_shown:
            continue
        groups.add(group)
        if member.is_nested and not _groups_of(member.shown_type) <= groups:
            for each in inner if member.is_many else (inner,):
                groups |= groups_with_values(each)
    return groups


@_once
def _groups_of(cls: type) -> frozenset[str]:
    """Return the groups that values of a class can hold, but for the owner's own."""
    groups: set[str] = set()
    for member in members(cls):
        groups |= groups_of(member) | (_groups_of(member.shown_type) if member.is_nested else set())
    return frozenset(groups - {OWNER})


# --- rules across fields ------------------------------------------------------------------------

Problem = tuple[str, Message]


class UnreadableError(Exception):
    """A rule needs a field that could not be read."""


class PartlyRead:
    """The fields of a request that could be read, in place of the value that they would make."""

    def __init__(self, cls: type, read: Mapping[str, Any], wrong: Set[str]) -> None:
        self._defaults = {member.name: member.default for member in members(cls)}
        self._read, self._wrong = read, wrong

    def __getattr__(self, name: str) -> Any:
        value = self._read.get(name, self._defaults[name])
        if name in self._wrong or value is MISSING:
            raise UnreadableError(name)
        return value


def rule_problems(cls: type, value: Any) -> Iterator[Problem]:
    """Yield the problems of a value, or of one that is read in part, by its class's `rules`."""
    for rule in getattr(cls, "rules", ()):
        try:
            yield from rule(value)
        except UnreadableError:
            continue


def all_problems(value: Any, path: str = "") -> Iterator[Problem]:
    """Yield the problems of a value and of the objects inside it, with their paths."""
    for at, text in rule_problems(type(value), value):
        yield f"{path}{at}".rstrip("."), text
    for member in _members_with_rules(type(value)):
        if (inner := getattr(value, member.name)) is not None:
            yield from all_problems(inner, f"{path}{member.key}.")


@_once
def _members_with_rules(cls: type) -> tuple[Member, ...]:
    """Return the objects inside a class that have rules, or that hold others with rules."""
    return tuple(
        member
        for member in members(cls)
        if member.is_nested
        and not member.is_many
        and (hasattr(member.type, "rules") or _members_with_rules(member.type))
    )


# --- lists of fields ----------------------------------------------------------------------------


def leaves(cls: type, *above: Member) -> Iterator[tuple[Member, ...]]:
    """Yield the plain fields of answers, each as the chain of fields down to it."""
    for member in members(cls):
        if member.field.is_shown and member.is_nested:
            yield from leaves(member.shown_type, *above, member)
        elif member.field.is_shown:
            yield (*above, member)


def groups_of(member: Member) -> set[str]:
    """Return the groups of a field, of which a reader needs one."""
    group = member.field.group
    return {group} if isinstance(group, str) else {*group.cases.values(), group.otherwise}
