"""What is changed of a permit that stands, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marshmallow import pre_load

from api.schemas.fields import (
    Code,
    Day,
    Items,
    Nested,
    Remainder,
    RequestSchema,
    Text,
    Whole,
)
from api.schemas.permits import AuthorityRequest, PermitRequest
from salsa_ext.articles import Article
from salsa_ext.errors import FieldsAgainstRule, Message, say
from salsa_ext.values import codes
from salsa_ext.values.changes import Amendment, Decision, Reissue

EXTENDING = ("expires_on", "latest_import_on")


def refuse_fixed(
    data: Any, schema: RequestSchema, fixed: Iterable[str], extending: Iterable[str] = ()
) -> None:
    """Raise FieldsAgainstRule where a field of the document is to be amended that cannot be.

    A later date is an extension, which the Model Regulations forbid in so many words (8.2).
    """
    if not isinstance(data, Mapping):
        return
    told = {name for name in fixed if name in data} - set(schema.fields)
    later = [name for name in extending if name in told]
    if later:
        said = say("A permit is not extended; reissue it under a new number that names this one (Model"
                   " Regulations 8.2).")  # fmt: skip
        raise FieldsAgainstRule(Article.NO_EXTENSION, {name: [said] for name in later})
    wrong: dict[str, list[Message]] = {
        name: [say("This is not amended (Model Regulations 8.5); cancel or reissue the document."
                   " What can be: {fields}.", fields=", ".join(sorted(schema.fields)))]
        for name in sorted(told)
    }  # fmt: skip
    if wrong:
        raise FieldsAgainstRule(Article.AMENDABLE, wrong)


class PermitDecisionRequest(RequestSchema):
    """Why it is cancelled, suspended or reinstated."""

    value = Decision
    reason = Text(most=1000, required=True)


class PlanChanges(RequestSchema):
    """What is new in the plan of a transit."""

    route = Text(most=1000)
    port_of_entry = Text()
    port_of_exit = Text()
    mode = Code(codes.MODES)
    enters_on = Day()
    leaves_on = Day()
    carrier = Text()
    expected_location = Text()

    def build(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the plan as it is kept, with dates in ISO 8601."""
        dates = {
            name: data[name].isoformat() for name in ("enters_on", "leaves_on") if name in data
        }
        return data | dates


class AmendRequest(RequestSchema):
    """The source of the goods, or the plan of a transit (Model Regulations 8.5)."""

    source = Text(most=1000)
    plan = Nested(PlanChanges)
    authentication = Text(
        metadata={"description": "The stamp, seal or authorised signature that shows the change."}
    )
    reason = Text(
        most=1000, metadata={"description": "Required for all but a change of the mode alone."}
    )

    @pre_load
    def _fixed(self, data: Any, **_: Any) -> Any:
        refuse_fixed(data, self, PermitRequest._declared_fields, EXTENDING)
        return data

    def build(self, data: dict[str, Any]) -> Amendment:
        """Return the amendment."""
        changes = {name: data[name] for name in ("source", "plan") if name in data}
        return Amendment(changes, data.get("authentication"), data.get("reason"))


class LeftRequest(RequestSchema):
    """How much of a line is reissued; of one that is left out, all that is left."""

    line = Whole(least=1, most=1_000_000, required=True)
    quantity = Remainder(required=True, metadata={"description": "0 leaves the line out."})


class ReissueRequest(RequestSchema):
    """The number and dates of the new permit; all else stays (Model Regulations 8.2)."""

    number = Text(most=100, required=True)
    issued_on = Day(required=True)
    expires_on = Day(required=True)
    latest_import_on = Day()
    authority = Nested(AuthorityRequest, required=True)
    lines = Items(Nested(LeftRequest), most=1000, load_default=())

    def build(self, data: dict[str, Any]) -> Reissue:
        """Return the reissue, with the quantities by line."""
        lines = data.pop("lines")
        quantities: dict[int, Decimal] = {line["line"]: line["quantity"] for line in lines}
        return Reissue(**data, quantities=quantities)
