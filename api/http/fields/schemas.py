"""Request schemas, nested objects and lists."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load

from api.i18n.messages import LazyMessage
from salsa_ext.core.errors import message

MAX_SUGGESTIONS: Final = 20
"""Unknown fields of a body, and the length of their names, for which a near one is looked for."""
MAX_SUGGESTED_LENGTH: Final = 40

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
            unknown = [
                name
                for name, said in messages.items()
                if said == [self.error_messages["unknown"]] and isinstance(name, str)
            ]
            for name in islice(unknown, MAX_SUGGESTIONS):
                messages[name] = self._unknown(name)

    def _unknown(self, name: str) -> list[Any]:
        known = [field.data_key or key for key, field in self.load_fields.items()]
        near = get_close_matches(name.lower()[:MAX_SUGGESTED_LENGTH], known, n=1)
        said = (
            message("There is no such field; did you mean {near}?", near=near[0]) if near else None
        )
        return [said or self.error_messages["unknown"]]

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Any:
        return self.build(data)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value built from the loaded fields."""
        return self.value(**data) if self.value else data


class Nested(fields.Nested):
    """An object inside an object."""

    default_error_messages = {"type": LazyMessage("An object is needed here.")}


class Items(fields.List):
    """List of limited length, loaded as a tuple.

    With `least`, the message `short` in `error_messages` is needed.
    """

    default_error_messages = {
        "invalid": LazyMessage("A list is needed here."),
        "long": LazyMessage("At most {most} entries."),
    }

    def __init__(self, inner: Any, *, most: int = 100, least: int = 0, **options: Any) -> None:
        self.most, self.least = most, least
        bounds = {"maxItems": most} | ({"minItems": least} if least else {})
        super().__init__(inner, metadata=bounds, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise self.make_error("long", most=self.most)
        if isinstance(value, list) and len(value) < self.least:
            raise self.make_error("short")
        return tuple(super()._deserialize(value, *args, **kwargs))
