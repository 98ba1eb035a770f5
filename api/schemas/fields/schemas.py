"""What a caller sends as an object, and objects and lists inside it."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load

from api.i18n import Lazy
from salsa_ext.errors import say

MOST_GUESSED: Final = 20
"""Unknown fields of a body, and the length of their names, for which a near one is looked for."""
LONGEST_GUESSED: Final = 40

fields.Field.default_error_messages = {
    "required": Lazy("This field is required."),
    "null": Lazy("This field may be left out, but not null."),
    "validator_failed": Lazy("This value is not possible here."),
}


class RequestSchema(Schema):
    """What a caller sends: unknown fields are refused; `value` is the type that it becomes."""

    value: type | None = None
    error_messages = {
        "type": Lazy("An object is needed here."),
        "unknown": Lazy("There is no such field; see the documentation of this route."),
    }

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:
        """Let an unknown field be told with the one that was meant, where a near one exists."""
        messages = error.messages
        if isinstance(messages, dict):
            unknown = [name for name, said in messages.items()
                       if said == [self.error_messages["unknown"]] and isinstance(name, str)]  # fmt: skip
            for name in islice(unknown, MOST_GUESSED):
                messages[name] = self._unknown(name)

    def _unknown(self, name: str) -> list[Any]:
        known = [field.data_key or key for key, field in self.load_fields.items()]
        near = get_close_matches(name.lower()[:LONGEST_GUESSED], known, n=1)
        said = say("There is no such field; did you mean {near}?", near=near[0]) if near else None
        return [said or self.error_messages["unknown"]]

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Any:
        return self.build(data)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value that the fields make; nested ones are values already."""
        return self.value(**data) if self.value else data


class Nested(fields.Nested):
    """An object inside an object."""

    default_error_messages = {
        "type": Lazy("An object is needed here."),
    }


class Items(fields.List):
    """A list of limited length; it becomes a tuple, so that values stay unchangeable.

    One that may not be empty (`least`) says by `error_messages` what it holds (`short`).
    """

    default_error_messages = {
        "invalid": Lazy("A list is needed here."),
        "long": Lazy("At most {most} entries."),
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
