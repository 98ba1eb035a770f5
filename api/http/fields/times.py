"""Dates and moments."""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from marshmallow import fields

from api.i18n.messages import LazyMessage
from salsa_ext.core.dates import parse_date

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
