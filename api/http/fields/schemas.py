"""Base schemas of requests with nested objects and lists, and their answers (`repeats`)."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Final, TypeVar

from flask import g, has_app_context
from marshmallow import Schema, ValidationError, fields, missing, post_load, pre_load

from api.http.errors import MAX_ERRORS
from api.http.fields.scalars import Code, Quantity, StateCode
from api.i18n.messages import LazyMessage
from salsa_ext.core.errors import message

MAX_SUGGESTED_LENGTH: Final = 40
"""Letters of an unknown field by which a near one is looked for."""

fields.Field.default_error_messages = {
    "required": LazyMessage("This field is required."),
    "null": LazyMessage("This field may be left out, but not null."),
    "validator_failed": LazyMessage("This value is not possible here."),
}


class RequestSchema(Schema):
    """Schema of a request: refuses unknown fields, builds `value`."""

    value: type | None = None
    error_messages = {
        "type": LazyMessage("An object is needed here."),
        "unknown": LazyMessage("There is no such field; see the documentation of this route."),
    }

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:
        """Suggest a similar field name for each unknown field."""
        messages = error.messages
        if isinstance(messages, dict):
            for name, errors in islice(messages.items(), MAX_ERRORS):
                if errors == [self.error_messages["unknown"]] and isinstance(name, str):
                    messages[name] = [partial(self._unknown, name)]

    def _unknown(self, name: str) -> Any:
        known = [field.data_key or key for key, field in self.load_fields.items()]
        near = get_close_matches(name.lower()[:MAX_SUGGESTED_LENGTH], known, n=1)
        if near:
            return message("There is no such field; did you mean {near}?", near=near[0])
        return self.error_messages["unknown"]

    @pre_load
    def _drop_unknown(self, data: Any, **_: Any) -> Any:
        """Leave unknown fields for as many errors as are answered, and one an object: each costs time."""
        known = self.__dict__.setdefault(
            "known", {field.data_key or key for key, field in self.load_fields.items()}
        )
        if not isinstance(data, dict) or data.keys() <= known or not has_app_context():
            return data
        unknown = [name for name in data if name not in known]
        left = g.get("unknown_left", MAX_ERRORS)
        g.unknown_left = left - len(unknown)
        dropped = {*unknown[max(1, left) :]}
        return {name: value for name, value in data.items() if name not in dropped}

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Any:
        return self.build(data)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value built from the loaded fields."""
        return self.value(**data) if self.value else data


class ViewResponse(Schema):
    """Answer with the attributes of a view, else the columns of its row."""

    row: ClassVar[str]
    """The attribute of the view that has the row."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the view, else of its row."""
        value = super().get_attribute(obj, attr, default)
        return (
            super().get_attribute(getattr(obj, self.row), attr, default)
            if value is default
            else value
        )


class Nested(fields.Nested):
    """An object inside an object."""

    default_error_messages = {"type": LazyMessage("An object is needed here.")}


class Items(fields.List[Any]):
    """List of limited length, loaded as a tuple."""

    default_error_messages = {
        "invalid": LazyMessage("A list is needed here."),
        "long": LazyMessage("At most {most} entries."),
        "short": LazyMessage("At least {least} entries."),
    }

    def __init__(self, inner: Any, *, most: int = 100, least: int = 0, **options: Any) -> None:
        self.most, self.least = most, least
        bounds = {"maxItems": most} | ({"minItems": least} if least else {})
        super().__init__(inner, metadata=bounds, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise self.make_error("long", most=self.most)
        if isinstance(value, list) and len(value) < self.least:
            raise self.make_error("short", least=self.least)
        return tuple(super()._deserialize(value, *args, **kwargs))


RESPONSES: Final[dict[type[Schema], type[Schema]]] = {}
"""Response schema by the request schema that it repeats."""
ResponseClass = TypeVar("ResponseClass", bound=type[Schema])


def repeats(
    request: type[Schema], *left_out: str, is_complete: bool = False
) -> Callable[[ResponseClass], ResponseClass]:
    """Add the fields of a request to the schema of an answer (class decorator).

    An answer promises types and closed lists, but no lengths. Fields that the class declares itself
    and confirmations stay as they are; `is_complete`: all fields have a value.
    """

    def add(response: ResponseClass) -> ResponseClass:
        declared = response._declared_fields
        for name, field in request._declared_fields.items():
            if name not in declared and name not in left_out and not name.startswith("confirm_"):
                declared[name] = _as_response(field, is_complete)
        RESPONSES[request] = response
        return response

    return add


def _as_response(field: fields.Field[Any], is_complete: bool = False) -> fields.Field[Any]:
    """Return the field of an answer for a field of a request."""
    is_set = field.required or is_complete or field.load_default not in (missing, ())
    options: dict[str, Any] = {"data_key": field.data_key, "required": is_set}
    options["allow_none"] = not (is_set or field.load_default == ())
    if isinstance(field, Code):
        return Code(field.choices, **options)
    if isinstance(field, fields.Nested):
        return fields.Nested(RESPONSES[type(field.schema)], **options)
    if isinstance(field, fields.List):
        return fields.List(_as_response(field.inner, is_complete=True), **options)
    plain = next(kind for kind in PLAIN_FIELDS if isinstance(field, kind))
    return plain(**options)


PLAIN_FIELDS: Final = (
    StateCode,
    Quantity,
    fields.UUID,
    fields.Date,
    fields.DateTime,
    fields.Boolean,
    fields.Integer,
    fields.Float,
    fields.String,
)
