"""Options that several commands take."""

from __future__ import annotations

from typing import Any

import click

from salsa_ext.core.text import text_problem


class StateType(click.ParamType[str]):
    """Three letters; lower case is taken, and the database says later whether there is such one."""

    name = "state"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the code in capitals; a usage error where it cannot be one."""
        code = str(value).upper()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            self.fail("three letters of ISO 3166-1, such as PRY", param, ctx)
        return code


class Line(click.ParamType[str]):
    """A text of one line; what is wrong with it is said as over HTTP."""

    name = "text"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text without blanks around it; a usage error where it cannot be one."""
        is_needed = param is not None and param.required
        if wrong := text_problem(str(value), self.most, one_line=True, is_required=is_needed):
            self.fail(str(wrong), param, ctx)
        return str(value).strip()


STATE = StateType()
AGENCY = Line(100)
USERNAME = Line(100)
state_option = click.option(
    "--state", metavar="ISO", type=STATE, help="Left out for the secretariat."
)
own_state_option = click.option(
    "--state", required=True, metavar="ISO", type=STATE, help="Three letters, such as PRY."
)
