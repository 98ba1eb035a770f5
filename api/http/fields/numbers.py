"""Numbers and amounts."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from marshmallow import fields

from api.i18n.messages import LazyMessage

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
