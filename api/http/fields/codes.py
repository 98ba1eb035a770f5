"""Codes of closed lists, countries and border posts."""

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from api.i18n.messages import LazyMessage
from salsa_ext.reference import names


class Code(fields.String):
    """One of a closed list, in requests and answers."""

    default_error_messages = {"invalid": LazyMessage("One of: {choices}.")}

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        self.choices = tuple(choices)
        enum = [*choices, None] if options.get("allow_none") else [*choices]
        super().__init__(metadata={"enum": enum} | options.pop("metadata", {}), **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.make_error("invalid", choices=", ".join(self.choices))
        return value


class StateCode(fields.String):
    """A country by its ISO 3166-1 alpha-3 code, in requests and answers."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A country is written as three capital letters of ISO 3166-1, such as PRY."
        ),
        "unknown": LazyMessage("There is no country {code}, today or in the past."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"pattern": "^[A-Z]{3}$"}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
            raise self.make_error("invalid")
        if not names.is_state(value):
            raise self.make_error("unknown", code=value)
        return value


class PostCode(fields.String):
    """A border post by its code."""

    default_error_messages = {
        "invalid": LazyMessage("A border post is named by its code; GET /api/v1/posts lists them.")
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not names.is_post(value):
            raise self.make_error("invalid")
        return value
