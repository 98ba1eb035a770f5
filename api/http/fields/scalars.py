"""Fields of requests and answers: texts, codes, times, numbers."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final
from uuid import UUID

from marshmallow import ValidationError, fields

from api.i18n.messages import LazyMessage
from salsa_ext.core.dates import parse_date
from salsa_ext.core.text import text_problem
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


EVENT_DATE: Final = re.compile(r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")


class Day(fields.Date):
    """A date, YYYY-MM-DD."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A date is written YYYY-MM-DD, such as 2026-03-09, from 1800 to 2200."
        )
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


class EventDay(fields.String):
    """A date of an event, YYYY-MM-DD, or as far as it is known: YYYY-MM or YYYY."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A date is written YYYY-MM-DD, such as 2026-03-09, from 1800 to 2200. Where only the"
            " month or the year is known, write 2026-03 or 2026."
        )
    }

    def __init__(self, **options: Any) -> None:
        metadata = {"pattern": EVENT_DATE.pattern} | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if isinstance(value, str) and EVENT_DATE.fullmatch(value):
                day = parse_date(value)
                if 1800 <= day.year <= 2200:
                    return day
        except ValueError:
            pass
        raise self.make_error("invalid")


class Moment(fields.AwareDateTime):
    """A moment with its offset, such as 2026-03-09T14:30:00-03:00."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A moment is written with its offset, such as 2026-03-09T14:30:00-03:00, from 1800 to 2200."
        )
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
    return offset is not None and abs(offset) <= timedelta(hours=14)


FLOAT_LIMIT = 2**63  # the parser of JSON gives whole numbers from here on as floats
MAX_DIGITS = 20  # digits; Python takes its time over thousands of them
MAX_QUANTITY = 10**12


class CellText(str):
    """Text of a table cell that should be a number."""


class Whole(fields.Integer):
    """A whole number, written as a number."""

    default_error_messages = {
        "invalid": LazyMessage("A whole number is needed here, without quotes."),
        "cell": LazyMessage("A whole number is needed here."),
        "range": LazyMessage("From {least} to {most}."),
    }

    def __init__(self, *, least: int = 0, most: int = 2**31 - 1, **options: Any) -> None:
        self.least, self.most = least, most
        super().__init__(metadata={"minimum": least, "maximum": most}, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if isinstance(value, float) and abs(value) >= FLOAT_LIMIT:
            raise self.make_error("range", least=self.least, most=self.most)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("cell" if isinstance(value, CellText) else "invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return value


class QueryWhole(Whole):
    """A whole number in a query string."""

    default_error_messages = {"invalid": LazyMessage("A whole number is needed here.")}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+", value):
            raise self.make_error("invalid")
        if len(value) > MAX_DIGITS:
            raise self.make_error("range", least=self.least, most=self.most)
        return super()._deserialize(int(value), *args, **kwargs)


class Real(fields.Float):
    """A number within limits, written as a number."""

    default_error_messages = {
        "invalid": LazyMessage("A number is needed here, without quotes."),
        "range": LazyMessage("From {least} to {most}."),
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
    """Amount above zero with at most three decimals."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A number above zero and up to {most}, with at most three decimals, is needed here."
        )
    }

    limits: ClassVar[Mapping[str, Any]] = {"exclusiveMinimum": 0, "maximum": MAX_QUANTITY}

    def __init__(self, **options: Any) -> None:
        metadata = {"type": "number"} | dict(self.limits) | options.pop("metadata", {})
        super().__init__(metadata=metadata, **options)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> float | int | None:
        if value is None:
            return None
        return int(value) if value == int(value) else float(value)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid", most=MAX_QUANTITY)
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            raise self.make_error("invalid", most=MAX_QUANTITY) from None
        if not 0 < amount <= MAX_QUANTITY or amount != amount.quantize(Decimal("0.001")):
            raise self.make_error("invalid", most=MAX_QUANTITY)
        return amount


class QuantityOrZero(Quantity):
    """Amount or zero."""

    default_error_messages = {
        "invalid": LazyMessage(
            "A number from zero up to {most}, with at most three decimals, is needed here."
        )
    }

    limits = {"minimum": 0, "maximum": MAX_QUANTITY}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Decimal:
        is_none = not isinstance(value, bool) and value == 0
        return Decimal(0) if is_none else super()._deserialize(value, *args, **kwargs)
