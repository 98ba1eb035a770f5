"""Calls across border posts."""

from __future__ import annotations

from uuid import UUID

from api.resource import Resource
from api.schemas.calls import CallQuery, CallRequest, CallResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import calls as reading
from salsa_ext.readmodels.calls import CallView
from salsa_ext.services import calls
from salsa_ext.services.calls import CallData
from salsa_ext.values.actor import Actor

blueprint = Resource("calls", "Calls between the two sides of a border post")
blueprint.listing(
    "/posts/<slug:code>/calls", CallQuery, CallResponse, reading.list_calls, Permission.BOARD_READ
)


@blueprint.posting(
    "/posts/<slug:code>/calls", CallRequest, CallResponse, Permission.CHECKPOINT_RECORD
)
def ask_call(actor: Actor, data: CallData, code: str) -> CallView:
    """Ask the other side of a post to call; 409 `already_asked` where it was asked the same just now.

    409 `too_many_calls` where ten of your side wait.
    """
    return reading.read(calls.ask(actor=actor, post=code, data=data))


@blueprint.posting(
    "/calls/<uuid:call_id>/answer", None, CallResponse, Permission.CHECKPOINT_RECORD, status=200
)
def answer_call(actor: Actor, call_id: UUID) -> CallView:
    """Say that you called the side that asked for it; both see that on their boards."""
    calls.answer(actor=actor, call_id=call_id)
    return reading.read(call_id)
