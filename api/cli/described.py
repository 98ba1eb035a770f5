"""Options that describe a gun, a place, and who may see it, as fields of the body of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from api.cli.options import STATE, Line
from salsa_ext.values.codes import HANDLING_CODES, MARKINGS, VISIBILITIES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
GUN: Final = ("serial", "marking", "make", "model", "calibre", "type", "country_of_manufacture",
              "year", "importer_mark")  # fmt: skip
PLACE: Final = ("place", "admin1", "latitude", "longitude")


def day_option(name: str, said: str) -> Decorator:
    """Return an option of a day, which the schema judges."""
    return click.option(name, type=Line(20), metavar="YYYY-MM-DD", help=said)


def _several(*options: Decorator) -> Decorator:
    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


gun_options = _several(
    click.option("--serial", type=Line(64), help="`?` is a glyph that cannot be read, `*` several."),
    click.option("--marking", type=click.Choice(MARKINGS), help="How the serial stands on it."),
    click.option("--make", type=Line(200)),
    click.option("--model", type=Line(200)),
    click.option("--calibre", type=Line(100)),
    click.option("--type", type=Line(100), help="Such as pistol."),
    click.option("--country-of-manufacture", metavar="ISO", type=STATE),
    click.option("--year", type=int, help="Of manufacture."),
    click.option("--importer-mark", type=Line(200)),
)  # fmt: skip
place_options = _several(
    click.option("--place", type=Line(200), help="Its name; the country is the state."),
    click.option("--admin1", type=Line(100), help="Its province or department."),
    click.option("--latitude", type=float),
    click.option("--longitude", type=float),
)
sharing_options = _several(
    click.option("--visibility", type=click.Choice(VISIBILITIES), help="To other states."),
    click.option("--handling", type=click.Choice(HANDLING_CODES)),
)


def gun_of(said: dict[str, Any]) -> dict[str, Any]:
    """Take the gun out of what options say, as its fields; nothing where they say nothing of it."""
    return given({name: said.pop(name) for name in GUN})


def place_of(state: str, said: dict[str, Any]) -> dict[str, Any]:
    """Take the place out of what options say, in the own state; nothing where they name none."""
    found = given({name: said.pop(name) for name in PLACE})
    if not found:
        return {}
    named = {"name": found.pop("place")} if "place" in found else {}
    return {"country": state} | named | found


def given(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said as a body holds it: an option that was left out says nothing."""
    return {
        name: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for name, value in said.items()
        if not (value is None or value is False or value in ((), [], {}))
    }
