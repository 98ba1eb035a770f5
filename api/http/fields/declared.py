"""Schemas derived from declared fields: of requests, of answers, and the columns of lists."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.schema import SchemaMeta

from api.http.fields.scalars import (
    Code,
    Day,
    EventDay,
    Flag,
    Id,
    Moment,
    PostCode,
    Quantity,
    Real,
    StateCode,
    Text,
    Whole,
)
from api.http.fields.schemas import Items, Nested, RequestSchema
from salsa_ext.core.fields import Member, PartlyRead, Split, build_value, members, rule_problems

REQUEST_FIELDS: Final[Mapping[Any, Any]] = {
    "state": StateCode,
    "post": PostCode,
    "rough": EventDay,
    Decimal: Quantity,
    bool: Flag,
    date: Day,
    datetime: Moment,
    UUID: Id,
}
RESPONSE_FIELDS: Final[Mapping[Any, Any]] = {
    "rough": EventDay,
    str: fields.String,
    int: fields.Integer,
    float: fields.Float,
    Decimal: Quantity,
    bool: fields.Boolean,
    date: fields.Date,
    datetime: fields.DateTime,
    UUID: fields.UUID,
}


MAX_REMEMBERED: Final = 2_000


class _DeclaredMeta(SchemaMeta):
    """Gives a schema the fields of the declared class that its `value` names."""

    @classmethod
    def get_declared_fields(
        cls, klass: Any, cls_fields: Any, inherited_fields: Any, dict_cls: Any = dict
    ) -> Any:
        value = vars(klass).get("value")
        declared = klass.derive_fields(value) if value else {}
        return dict_cls(inherited_fields) | declared | dict_cls(cls_fields)


class DeclaredRequest(RequestSchema, metaclass=_DeclaredMeta):
    """Request whose fields are those of a declared class; it becomes a value of it."""

    needed: ClassVar[tuple[str, ...]] = ()
    nested: ClassVar[dict[Any, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Let objects of the class inside others have this schema."""
        if vars(cls).get("value"):
            cls.nested.setdefault((cls.value, cls.needed), cls)

    @classmethod
    def derive_fields(cls, value: type) -> dict[str, Any]:
        """Return the fields of a declared class by their names."""
        sent = (member for member in members(value) if member.field.is_sent)
        return {member.name: _request_field(member, cls.needed) for member in sent}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _check_rules(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        if self.value is None:
            return
        sent = original if isinstance(original, Mapping) else {}
        unread = {member.name for member in members(self.value) if _is_unread(member, data, sent)}
        problems: dict[str, list[Any]] = {}
        for path, text in rule_problems(self.value, PartlyRead(self.value, data, unread)):
            problems.setdefault(path or "_schema", []).append(text)
        if problems:
            raise ValidationError(problems)


class DeclaredResponse(Schema, metaclass=_DeclaredMeta):
    """Answer whose fields are those of a declared class; what is withheld is null or left out."""

    value: ClassVar[type | None] = None
    nested: ClassVar[dict[Any, Any]] = {}

    def __init_subclass__(cls) -> None:
        """Let objects of the class inside others have this schema."""
        if vars(cls).get("value"):
            cls.nested.setdefault(cls.value, cls)

    @classmethod
    def derive_fields(cls, value: type) -> dict[str, Any]:
        """Return the fields of a declared class by their names."""
        return {
            member.name: _response_field(member)
            for member in members(value)
            if member.field.is_shown
        }


def _is_unread(member: Member, data: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    if member.name not in data:
        return member.key in sent
    value = data[member.name]  # marshmallow gives what it could read of a list or an object
    kind = tuple if member.is_many else member.type
    return (member.is_many or member.is_nested) and not isinstance(value, kind)


def request_schema(cls: type, needed: tuple[str, ...] = ()) -> Any:
    """Return the schema of an object in a request; `needed` have to be given."""
    name = _stem(cls) + ("ItemRequest" if needed else "Request")
    own = {"__doc__": cls.__doc__, "value": cls, "needed": needed}
    return DeclaredRequest.nested.get((cls, needed)) or type(name, (DeclaredRequest,), own)


def quick_reader(schema: Any) -> Callable[[Any], Any]:
    """Return a function that loads what its schema accepts, several times faster.

    It asks the same fields, each once, without marshmallow's steps between them, and remembers
    what repeats: a file names a date, a make or a firm thousands of times. Raises ValidationError
    or TypeError without a word of what is wrong: that the schema knows.
    """
    if type(schema).build is not RequestSchema.build:
        return cast(Callable[[Any], Any], schema.load)
    steps, required = dict[str, Any](), set[str]()
    defaults = {member.name: member.default for member in members(schema.value)}
    has_rules = hasattr(schema.value, "rules")
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        steps[key] = name, _quick_value(field)
        if field.required:
            required.add(key)

    def read(body: Any) -> Any:
        if type(body) is not dict or not required <= body.keys() <= steps.keys():
            raise ValidationError("")
        data = defaults.copy()
        for key, value in body.items():
            name, read_value = steps[key]
            if value is None:
                raise ValidationError("")
            data[name] = read_value(value)
        built = build_value(schema.value, data)
        if has_rules and next(rule_problems(schema.value, built), None):
            raise ValidationError("")
        return built

    return read


def _quick_value(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, Nested):
        return _remember_plain(quick_reader(field.schema))
    if not isinstance(field, Items):
        read = field.deserialize if field.validators else partial(_read_plain, field._deserialize)
        return lru_cache(maxsize=MAX_REMEMBERED, typed=True)(read)  # 1 equals True
    each = _quick_value(field.inner)

    def read_list(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or not field.least <= len(value) <= field.most or None in value:
            raise ValidationError("")
        return tuple(map(each, value))

    return read_list


def _remember_plain(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that reads objects of texts alone once."""
    known: dict[Any, Any] = {}

    def read_once(body: Any) -> Any:
        try:
            "".join(body.values())
        except (AttributeError, TypeError):
            return read(body)
        key = tuple(body.items())
        if (value := known.get(key)) is None:
            if len(known) >= MAX_REMEMBERED:
                known.clear()
            value = known[key] = read(body)
        return value

    return read_once


def _read_plain(read: Callable[..., Any], value: Any) -> Any:
    return read(value, None, None)


def response_schema(cls: type) -> Any:
    """Return the schema of an object in an answer."""
    own = {"__doc__": cls.__doc__, "value": cls}
    name = _stem(cls) + "Response"
    return DeclaredResponse.nested.get(cls) or type(name, (DeclaredResponse,), own)


def _stem(cls: type) -> str:
    return cls.__name__.removesuffix("Data").replace("Recorded", "")


def _request_field(member: Member, needed: tuple[str, ...]) -> Any:
    is_required = member.default is MISSING or member.name in needed
    options: dict[str, Any] = {"data_key": member.key, "required": is_required}
    if not is_required and member.default not in (None, ()):
        options["load_default"] = member.default
    if member.is_many:
        field: Any = Items(_request_value(member), most=int(member.size.most or 100), **options)
    else:
        field = _request_value(member, **options)
    field.metadata["label"] = member.field.label
    return field


def _request_value(member: Member, **options: Any) -> Any:
    limits = member.limits
    if member.is_nested:
        return Nested(request_schema(member.type, member.field.needed), **options)
    if limits.choices:
        return Code(limits.choices, **options)
    if kind := REQUEST_FIELDS.get(limits.form) or REQUEST_FIELDS.get(member.type):
        return kind(**options)
    if member.type is str:
        return Text(most=int(limits.most or 300), **options)
    number: Any = Whole if member.type is int else Real
    least = float("-inf") if limits.least is None and number is Real else limits.least or 0
    return number(least=least, most=2**31 - 1 if limits.most is None else limits.most, **options)


def _response_field(member: Member) -> Any:
    is_set = member.default is MISSING and not isinstance(member.field.group, Split)
    options: dict[str, Any] = {"data_key": member.key, "required": is_set, "allow_none": True}
    if member.is_many:
        field: Any = fields.List(_response_value(member), **options)
    else:
        field = _response_value(member, **options)
    field.metadata["label"] = member.field.label
    return field


def _response_value(member: Member, **options: Any) -> Any:
    if member.is_nested:
        return fields.Nested(response_schema(member.shown_type), **options)
    field = RESPONSE_FIELDS.get(member.limits.form, RESPONSE_FIELDS[member.type])(**options)
    if member.limits.choices:
        field.metadata["enum"] = [*member.limits.choices] + [None] * bool(options)
    if member.limits.form == "state":
        field.metadata["pattern"] = "^[A-Z]{3}$"
    return field


def list_columns(schema: Schema) -> Iterator[str]:
    """Yield the columns of a list: plain fields by their paths."""
    never: frozenset[str] = getattr(schema, "never_listed", frozenset())
    for name, field in schema.fields.items():
        if name not in never:
            yield from _paths(field, field.data_key or name)


def _paths(field: Any, key: str) -> Iterator[str]:
    if isinstance(field, fields.Nested) and not field.many:
        for name, inner in field.schema.fields.items():
            yield from _paths(inner, f"{key}.{inner.data_key or name}")
    else:
        yield key
