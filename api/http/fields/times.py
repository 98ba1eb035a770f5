"""Dates and moments."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import fields

from api.i18n.messages import LazyMessage


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
