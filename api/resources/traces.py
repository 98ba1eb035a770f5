"""Traces and their results."""

from __future__ import annotations

from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.traces import ResultResponse, TraceQuery, TraceRequest, TraceResponse
from api.vault import vault
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import traces as reading
from salsa_ext.readmodels.traces import ResultView, TraceView
from salsa_ext.services import disclosures, leg_news, request_arrivals, traces
from salsa_ext.values.actor import Actor
from salsa_ext.values.inquiries import TraceData

blueprint = Resource("traces", "From a gun that was found to its last lawful holder")
blueprint.listing("/traces", TraceQuery, TraceResponse, reading.list_traces, Permission.TRACE_READ)
blueprint.reading(
    "/traces/<uuid:trace_id>", TraceResponse, reading.get_trace, Permission.TRACE_READ
)


def _result(actor: Actor, trace_id: UUID) -> ResultView:
    """Return what the answers amount to so far."""
    return disclosures.read_result(actor=actor, trace_id=trace_id)


blueprint.reading("/traces/<uuid:trace_id>/result", ResultResponse, _result, Permission.TRACE_READ)


@blueprint.posting("/traces", TraceRequest, TraceResponse, Permission.TRACE_REQUEST)
def request_trace(actor: Actor, data: TraceData) -> TraceView:
    """Ask all states for the history of a gun; at once, unless it is a draft."""
    return reading.read(traces.request(actor=actor, vault=vault(), data=data))


def _action(
    name: str, said: str, permission: Permission = Permission.TRACE_REQUEST, *, sends: bool = False
) -> None:
    command = getattr(traces, name)

    def act(actor: Actor, trace_id: UUID) -> TraceView:
        more = {"vault": vault()} if sends else {}
        command(actor=actor, trace_id=trace_id, seen=g.seen, **more)
        return reading.read(trace_id)

    act.__name__, act.__doc__ = f"{name}_trace", said
    path = f"/traces/<uuid:trace_id>/{name}"
    blueprint.posting(path, None, TraceResponse, permission, status=200, standing=reading.version)(
        act
    )


_action("approve", "Approve a draft of somebody else.", Permission.TRACE_APPROVE)
_action("send", "Send a draft or an approved trace.", sends=True)
_action("withdraw", "Withdraw a trace, and tell the states that have not answered.", sends=True)
_action("close", "Close a trace that was sent.")
