"""Forms by which a state that takes no part is asked through another channel.

What is on one leaves the circle of the participants: the own state's words, and of others' only what
the release function lets go on to that state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.matching.events import Event
from salsa_ext.models import Seizure, TraceLeg
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.release import Use
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import traces
from salsa_ext.readmodels.contacts import Office, agency_named, answering_to
from salsa_ext.readmodels.sharing import Sharing
from salsa_ext.readmodels.traces import TraceView
from salsa_ext.services.answers import groups_in
from salsa_ext.services.asking_offices import agency_of
from salsa_ext.services.traces import purpose_of
from salsa_ext.values.actor import Actor

EVENT_GROUPS = ("firearm", "event", "document")
SHOWN = {"firearm": ("serial",), "event": (), "document": ("document_number",)}
"""What a form has of each."""


@dataclass(frozen=True)
class AskingForm:
    """What a form says: the trace and its leg, the seizure, whom to answer, and what is known so far.

    `agency` is the authority that asks, by name and code, and `office` how it is reached; neither is
    of an agency that the trace is kept from. `events` are those of the chain that may
    go on to the asked state; `sharing` says by record what else of them may.
    """

    view: TraceView
    leg: TraceLeg
    seizure: Seizure | None
    agency: str
    office: Office | None
    events: Sequence[Event]
    sharing: Mapping[str, Sharing]


def fill_in(*, actor: Actor, trace_id: UUID, leg_id: UUID) -> AskingForm:
    """Return what the form of a leg says; raises NotFound, or Invalid for a state that takes part."""
    require(actor, Permission.TRACE_REQUEST)
    view = traces.read(actor, trace_id)
    leg = next((one for one in view.legs if one.id == leg_id), None)
    if leg is None:
        raise NotFound("leg", leg_id)
    if leg.channel == "salsa":
        raise Invalid({"leg": [say("This state takes part, and is asked by the service itself.")]})
    result = traces.get_result(actor, trace_id)
    seizure = traces.seizure_of(actor, view.trace)
    of_seizure = [seizure.agency] if seizure else []
    agency = agency_of(actor, view.trace, view.hidden_from, of_seizure)
    return AskingForm(
        view, leg, seizure, agency_named(agency) if agency else "",
        answering_to(actor.own_state(), agency, view.hidden_from),
        _onward(result.events(), result.sharing, leg.state), result.sharing,
    )  # fmt: skip


def _onward(events: Sequence[Event], shared: Mapping[str, Sharing], to: str) -> list[Event]:
    """Return the events that may go on to a state: own ones, and others' with their consent."""
    use = Use("onward", to)
    return [event for event in events
            if all(shared[event["record"]].decide(group, use).allowed for group in EVENT_GROUPS)]  # fmt: skip


def write_down(*, actor: Actor, form: AskingForm, kind: str, sha256: str) -> None:
    """Write down that a form was made to be sent: its kind, and the SHA-256 of its file.

    Each state whose words it passes on reads to whom they go.
    """
    require(actor, Permission.TRACE_REQUEST)
    leg = form.leg
    said = {"leg": str(leg.id), "to": leg.state, "channel": leg.channel, "kind": kind,
            "file": sha256, "language": actor.language}  # fmt: skip
    trace = form.view.trace
    append(actor, Act(Action.TRACE_FORM_MADE, "trace", trace.id, data=said))
    append_many(actor.for_purpose(purpose_of(trace)), [
        Act(Action.RECORD_DISCLOSED, "record", event["record"], event["state"], [event["state"]],
            {"version": event["version"], "handling": event["handling"],
             "groups": groups_in(event, SHOWN), "to": leg.state, "through": "form"})
        for event in form.events if not form.sharing[event["record"]].is_own
    ])  # fmt: skip
