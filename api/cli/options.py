"""Options that several commands take."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import click

from api.schemas.fields.numbers import MOST_QUANTITY
from salsa_ext.values.texts import unbroken, wrong_text

MOST_LINE = 1_000_000


class StateType(click.ParamType):
    """Three letters; lower case is taken, and the database says later whether there is such one."""

    name = "state"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code in capitals; a usage error where it cannot be one."""
        code = str(value).upper()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            self.fail("three letters of ISO 3166-1, such as PRY", param, ctx)
        return code


class Number(click.ParamType):
    """The number of an object, as it is copied from a page too."""

    name = "uuid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return the number; a usage error where it is none."""
        found: UUID = click.UUID.convert(unbroken(str(value)), param, ctx)
        return found


class Line(click.ParamType):
    """A text of one line; what is wrong with it is said as over HTTP."""

    name = "text"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without blanks around it; a usage error where it cannot be one."""
        is_needed = param is not None and param.required
        if wrong := wrong_text(str(value), self.most, one_line=True, is_needed=is_needed):
            self.fail(str(wrong), param, ctx)
        return str(value).strip()


class Part(click.ParamType):
    """A line and how much of it, `2=500`; nothing may be said too, `2=0`."""

    name = "part"
    written = re.compile(r"([0-9]{1,7})=([0-9]{1,15}(?:\.[0-9]{1,3})?)")

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, Decimal]:
        """Return the line and the quantity; a usage error where it is no such thing."""
        found = self.written.fullmatch(str(value))
        line, quantity = (int(found[1]), Decimal(found[2])) if found else (0, Decimal(0))
        if not (1 <= line <= MOST_LINE and quantity <= MOST_QUANTITY):
            self.fail("a line and a quantity, such as 2=500", param, ctx)
        return line, quantity


STATE = StateType()
AGENCY = Line(100)
USERNAME = Line(100)
state_option = click.option(
    "--state", metavar="ISO", type=STATE, help="Left out for the secretariat."
)
own_state_option = click.option(
    "--state", required=True, metavar="ISO", type=STATE, help="Three letters, such as PRY."
)
