"""Fields that take exactly what the contract says, and tell in words what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, post_load

from api.i18n import Lazy
from salsa_ext.readmodels import names
from salsa_ext.values.texts import wrong_text

fields.Field.default_error_messages = {
    "required": Lazy("This field is required."),
    "null": Lazy("This field may be left out, but not null."),
    "validator_failed": Lazy("This value is not possible here."),
}
BEYOND = 2**63  # the parser of JSON gives whole numbers from here on as floats
LONGEST_WHOLE = 20  # digits; Python takes its time over thousands of them
MOST_QUANTITY = 10**12


class RequestSchema(Schema):
    """What a caller sends: unknown fields are refused; `value` is the type that it becomes."""

    value: type | None = None
    error_messages = {
        "type": Lazy("An object is needed here."),
        "unknown": Lazy("There is no such field; see the documentation of this route."),
    }

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Any:
        return self.build(data)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value that the fields make; nested ones are values already."""
        return self.value(**data) if self.value else data


class Text(fields.String):
    """Text without control characters, not empty, of a limited length."""

    one_line: ClassVar[bool] = False
    default_error_messages = {
        "invalid": Lazy("Text is needed here."),
    }

    def __init__(self, *, most: int = 300, **options: Any) -> None:
        self.most = most
        metadata = {"minLength": 1, "maxLength": most} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if wrong := wrong_text(value, self.most, one_line=self.one_line):
            raise ValidationError([wrong])
        return value.strip()


class Line(Text):
    """A text of one line, such as a name."""

    one_line = True


class Code(fields.String):
    """One of a closed list."""

    default_error_messages = {
        "invalid": Lazy("One of: {choices}."),
    }

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        self.choices = tuple(choices)
        metadata = {"enum": list(choices)} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.make_error("invalid", choices=", ".join(self.choices))
        return value


class StateCode(fields.String):
    """A country by its ISO 3166-1 alpha-3 code."""

    default_error_messages = {
        "invalid": Lazy(
            "A country is written as three capital letters of ISO 3166-1, such as PRY."
        ),
        "unknown": Lazy("There is no country {code}, today or in the past."),
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
        "invalid": Lazy("A border post is named by its code; GET /api/v1/posts lists them."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not names.is_post(value):
            raise self.make_error("invalid")
        return value


class Whole(fields.Integer):
    """A whole number, written as a number."""

    default_error_messages = {
        "invalid": Lazy("A whole number is needed here, without quotes."),
        "range": Lazy("From {least} to {most}."),
    }

    def __init__(self, *, least: int = 0, most: int = 2**31 - 1, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(metadata={"minimum": least, "maximum": most}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, float) and abs(value) >= BEYOND:
            raise self.make_error("range", least=self.least, most=self.most)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return value


class QueryWhole(Whole):
    """A whole number in a query string."""

    default_error_messages = {
        "invalid": Lazy("A whole number is needed here."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+", value):
            raise self.make_error("invalid")
        if len(value) > LONGEST_WHOLE:
            raise self.make_error("range", least=self.least, most=self.most)
        return super()._deserialize(int(value), *args, **kwargs)


class Real(fields.Float):
    """A number within limits, written as a number."""

    default_error_messages = {
        "invalid": Lazy("A number is needed here, without quotes."),
        "range": Lazy("From {least} to {most}."),
    }

    def __init__(self, *, least: float, most: float, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(metadata={"minimum": least, "maximum": most}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return float(value)


class Quantity(fields.Field[Decimal]):
    """An amount above zero with at most three decimals, written as a number."""

    default_error_messages = {
        "invalid": Lazy(
            "A number above zero and up to {most}, with at most three decimals, is needed here."
        ),
    }

    def __init__(self, **options: Any) -> None:
        limits = {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_QUANTITY}
        super().__init__(metadata=limits | options.pop("metadata", {}), **options)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> float | int | None:
        if value is None:
            return None
        return int(value) if value == int(value) else float(value)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", most=MOST_QUANTITY)
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            raise self.make_error("invalid", most=MOST_QUANTITY) from None
        if not 0 < amount <= MOST_QUANTITY or amount != amount.quantize(Decimal("0.001")):
            raise self.make_error("invalid", most=MOST_QUANTITY)
        return amount


class Remainder(Quantity):
    """An amount, or zero for nothing of it."""

    default_error_messages = {
        "invalid": Lazy(
            "A number from zero up to {most}, with at most three decimals, is needed here."
        ),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        del self.metadata["exclusiveMinimum"]
        self.metadata["minimum"] = 0

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        is_none = not isinstance(value, bool) and value == 0
        return Decimal(0) if is_none else super()._deserialize(value, *args, **kwargs)


class Flag(fields.Boolean):
    """True or false, written as such."""

    default_error_messages = {
        "invalid": Lazy("true or false is needed here."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryFlag(fields.Boolean):
    """True or false in a query string."""

    default_error_messages = {
        "invalid": Lazy("true or false is needed here."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class Day(fields.Date):
    """A date, YYYY-MM-DD."""

    default_error_messages = {
        "invalid": Lazy("A date is written YYYY-MM-DD, such as 2026-03-09, from 1800 to 2200."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        try:
            if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
                day = date.fromisoformat(value)
                if 1800 <= day.year <= 2200:
                    return day
        except ValueError:
            pass
        raise self.make_error("invalid")


class Moment(fields.AwareDateTime):
    """A moment with its offset, such as 2026-03-09T14:30:00-03:00."""

    default_error_messages = {
        "invalid": Lazy(
            "A moment is written with its offset, such as 2026-03-09T14:30:00-03:00, from 1800 to 2200."
        ),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        try:
            moment = (
                datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
            )
        except ValueError:
            moment = None
        if moment is None or not 1800 <= moment.year <= 2200 or not _is_offset(moment.utcoffset()):
            raise self.make_error("invalid")
        return moment


def _is_offset(offset: timedelta | None) -> bool:
    """PostgreSQL refuses more than 15:59; no place on Earth has more than 14 hours."""
    return offset is not None and abs(offset) <= timedelta(hours=14)


class Id(fields.UUID):
    """The id of an object of this service."""

    default_error_messages = {
        "invalid_uuid": Lazy("This is not an id of this service."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F-]{36}", value):
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, *args, **kwargs) or UUID(int=0)


class Items(fields.List):
    """A list of limited length; it becomes a tuple, so that values stay unchangeable."""

    default_error_messages = {
        "invalid": Lazy("A list is needed here."),
        "long": Lazy("At most {most} entries."),
    }

    def __init__(self, inner: Any, *, most: int = 100, **options: Any) -> None:
        self.most = most
        super().__init__(inner, metadata={"maxItems": most}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise self.make_error("long", most=self.most)
        return tuple(super()._deserialize(value, *args, **kwargs))


class Nested(fields.Nested):
    """An object inside an object."""

    default_error_messages = {
        "type": Lazy("An object is needed here."),
    }
