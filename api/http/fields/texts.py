"""Texts, flags and ids."""

import re
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import ValidationError, fields

from api.i18n.messages import LazyMessage
from salsa_ext.core.text import text_problem


class Text(fields.String):
    """Non-empty text of limited length without control characters.

    A required one may have a message `empty` in `error_messages`.
    """

    one_line: ClassVar[bool] = False
    default_error_messages = {"invalid": LazyMessage("Text is needed here.")}

    def __init__(self, *, most: int = 300, **options: Any) -> None:
        self.most = most
        metadata = {"minLength": 1, "maxLength": most} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if self.required and not value.strip() and "empty" in self.error_messages:
            raise self.make_error("empty")
        if wrong := text_problem(
            value, self.most, one_line=self.one_line, is_required=self.required
        ):
            raise ValidationError([wrong])
        return value.strip()


class Line(Text):
    """Text of one line."""

    one_line = True


class Flag(fields.Boolean):
    """True or false, written as such."""

    default_error_messages = {"invalid": LazyMessage("true or false is needed here.")}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryFlag(fields.Boolean):
    """True or false in a query string."""

    default_error_messages = {"invalid": LazyMessage("true or false is needed here.")}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class Id(fields.UUID):
    """The id of an object of this service."""

    default_error_messages = {"invalid_uuid": LazyMessage("This is not an id of this service.")}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F-]{36}", value):
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, *args, **kwargs) or UUID(int=0)
