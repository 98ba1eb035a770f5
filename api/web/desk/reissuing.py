"""The form by which a permit is reissued: it opens with all that is left of each line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from api.web.desk import choices
from api.web.desk.doings import Field
from api.web.desk.issuing import year_after
from api.web.shown import gun_name
from api.web.typed import Form, amount
from salsa_ext.errors import say
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.desk import next_number
from salsa_ext.readmodels.permits import PermitView
from salsa_ext.values.actor import Actor

FIELDS = (
    Field("number", say("New number"), required=True, most=100),
    Field("issued_on", say("Date of issue"), "date", required=True),
    Field("expires_on", say("Last day of validity"), "date", required=True),
    Field("authority.agency", say("Issuing agency"), "choice", "agency", required=True),
    Field("authority.signatory", say("Officer who signs"), required=True),
)  # fmt: skip


def anew(actor: Actor, view: PermitView) -> Mapping[str, str]:
    """Return what the new permit says: today, a year less a day, the next number, what is left."""
    on = today(actor)
    left = {f"lines.{at}.quantity": _written(line.left) for at, line in enumerate(_lines(view))}
    return left | {
        "number": next_number(actor, view.permit.kind), "issued_on": on.isoformat(),
        "expires_on": year_after(on).isoformat(),
        "authority.agency": choices.first(choices.agencies(actor), view.permit.agency, actor.agency),
    }  # fmt: skip


def quantities(view: PermitView) -> tuple[Field, ...]:
    """Return a field for each line of which something is left."""
    return tuple(
        Field(f"lines.{at}.quantity",
              say("Line {number}: {goods}", number=line.line, goods=gun_name(line)), "amount",
              hint=say("Left: {count}. Where 0 stands, the line is not reissued.",
                       count=_written(line.left)))
        for at, line in enumerate(_lines(view))
    )  # fmt: skip


def take_quantities(body: dict[str, Any], view: PermitView, form: Form) -> None:
    """Let the quantities be those of their lines; a line whose field is empty is not reissued."""
    body["lines"] = [
        {"line": line.line, "quantity": amount(form.get(path) or "0")}
        for at, line in enumerate(_lines(view))
        if (path := f"lines.{at}.quantity") in form.values
    ]


def _lines(view: PermitView) -> list[Any]:
    return [line for line in view.lines if line.left > 0]


def _written(value: Decimal) -> str:
    return f"{value.normalize():f}"
