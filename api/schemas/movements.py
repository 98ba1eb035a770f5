"""What is decided about a shipment under way, and told of it, over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import pre_load

from api.schemas.changes import refuse_fixed
from api.schemas.common import PartyRequest
from api.schemas.fields import (
    Code,
    Day,
    Flag,
    Items,
    Moment,
    Nested,
    PostCode,
    RequestSchema,
    Text,
)
from api.schemas.shipments import ExpectationRequest, ShipmentRequest, TransportRequest
from salsa_ext.values import codes
from salsa_ext.values.changes import Amendment, Decision
from salsa_ext.values.movements import IncidentData, ReleaseData


class ReleaseRequest(RequestSchema):
    """The release: its day, today where it is left out, and a note."""

    value = ReleaseData
    on = Day()
    note = Text(most=1000)


class ShipmentAmendRequest(RequestSchema):
    """What is new of the plan of a shipment (Model Regulations 8.5)."""

    port_of_exit = Text(most=100)
    port_of_entry = Text(most=100)
    route = Items(PostCode(), most=20)
    mode = Code(codes.MODES)
    ships_on = Day()
    expected = Items(Nested(ExpectationRequest), most=20)
    carrier = Nested(PartyRequest)
    transport = Nested(TransportRequest)
    seals = Items(Text(most=50), most=50)
    authentication = Text(
        metadata={"description": "The stamp, seal or authorised signature that shows the change."}
    )
    reason = Text(
        most=1000, metadata={"description": "Required for all but a change of the mode alone."}
    )

    @pre_load
    def _fixed(self, data: Any, **_: Any) -> Any:
        refuse_fixed(data, self, ShipmentRequest._declared_fields)
        return data

    def build(self, data: dict[str, Any]) -> Amendment:
        """Return the amendment, its changes by the fields of a shipment."""
        authentication, reason = data.pop("authentication", None), data.pop("reason", None)
        return Amendment(data, authentication, reason)


class ShipmentDecisionRequest(RequestSchema):
    """Why it is cancelled, held or let go on."""

    value = Decision
    reason = Text(most=1000, required=True)


class IncidentRequest(RequestSchema):
    """An irregularity (Model Regulations 9.10)."""

    value = IncidentData
    kind = Code(codes.INCIDENT_KINDS, required=True)
    occurred_at = Moment(required=True)
    new_expected_at = Moment(
        metadata={"description": "When the next stage is expected now; later ones move with it."}
    )
    note = Text(most=1000, required=True)
    is_total = Flag(
        load_default=False,
        metadata={"description": "Nothing is left of the shipment, as after a theft of it all."},
    )


class AskRequest(RequestSchema):
    """Nothing more is said: the receipt of the whole shipment is asked for."""
