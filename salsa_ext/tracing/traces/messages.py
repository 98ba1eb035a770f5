"""Messages of a trace to the states of its legs, and the contact they name."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.models import Account
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.firearms.search.values import BestScores
from salsa_ext.reference.agencies import agency_name, find_reply_office
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.message_log import MessageEntry
from salsa_ext.tracing.traces.models import Trace, TraceLeg

REQUEST_FIELDS: Final = tuple(
    "priority priority_reason legal_basis illicit_reason circumstances intended_use"
    " confidentiality_requested firearm".split()
)
"""Fields of a trace that an asked state is sent (ITI 17)."""
OMITTED_FIELDS: Final = {"trace.renewed": ("trace", "hidden_from", "office", *REQUEST_FIELDS)}
"""Fields of messages that are not stored again with their legs."""


def send_requests(
    actor: Actor,
    trace: Trace,
    restricted: Collection[str],
    legs: Sequence[TraceLeg],
    renewed: Sequence[TraceLeg] = (),
) -> None:
    """Send the request of a trace, with what the ITI requires, to the states of legs.

    To those of `renewed` again, with the current description. `restricted` are all restricted
    agencies of the trace; each state is sent its own alone.
    """
    recipients = [*legs, *renewed]
    if not recipients:
        return
    body = {name: getattr(trace, name) for name in REQUEST_FIELDS} | {
        "trace": str(trace.id),
        "likeness": trace.likeness or BestScores(0.0, 0.0, 0.0)._asdict(),
        "found_on": trace.found_on.isoformat(),
        "needed_by": trace.needed_by.isoformat() if trace.needed_by else None,
        "record": str(trace.record_id) if trace.record_id else None,
        "office": contact_office(actor, trace, restricted),
    }
    requests = []
    for at, leg in enumerate(recipients):
        kind = "trace.request" if at < len(legs) else "trace.renewed"
        own = {"hidden_from": restrictions.agencies_of_state(restricted, leg.state)}
        requests.append(leg_message(trace, leg, kind, body | own))
    envelopes = outbox.send_many(actor, requests)
    for leg, envelope in zip(recipients, envelopes, strict=True):
        leg.request_envelope_id, leg.asked_at = envelope.id, actor.now()
    _store_sent(actor, envelopes)


def leg_message(
    trace: Trace,
    leg: TraceLeg,
    kind: str,
    body: Mapping[str, Any],
    in_reply_to: Envelope | None = None,
) -> EnvelopeData:
    """Return a message on a leg, to be sent."""
    own = {"leg": str(leg.id)} | dict(body)
    return EnvelopeData(kind, trace.case_number, leg.state, own, in_reply_to)


def send_messages(actor: Actor, messages: Sequence[EnvelopeData]) -> None:
    """Send messages on legs in order, and store them."""
    _store_sent(actor, outbox.send_many(actor, messages))


def _store_sent(actor: Actor, envelopes: Sequence[Envelope]) -> None:
    """Store sent messages with their legs; the contents of requests are those of the trace."""
    entries = []
    for envelope in envelopes:
        kind, omitted = message_log.message_kind(envelope), OMITTED_FIELDS.get(envelope.kind, ())
        stored = {name: value for name, value in envelope.body.items() if name not in omitted}
        leg_id = UUID(stored.pop("leg"))
        entries.append(
            MessageEntry("leg", leg_id, kind, {} if kind == "request" else stored, envelope)
        )
    message_log.store(actor, entries)


def asking_agency(
    actor: Actor, trace: Trace, restricted: Collection[str], fallback: Sequence[str | None] = ()
) -> str | None:
    """Return the agency that asks, never a restricted one: assignee's, requester's, actor's."""
    people = [account for account in (trace.assignee_id, trace.requested_by) if account]
    # who acts for the state as a whole is of an agency all the same
    agencies: dict[UUID | None, str | None] = (
        {} if actor.agency is None else {actor.account_id: actor.agency}
    )
    if unknown := [account for account in people if account not in agencies]:
        query = select(Account.id, Account.agency).where(Account.id.in_(unknown))
        agencies |= {row.id: row.agency for row in db.session.execute(query)}
    candidates = [*map(agencies.get, people), actor.agency, *fallback]
    return next((agency for agency in candidates if agency and agency not in restricted), None)


def contact_office(
    actor: Actor, trace: Trace, restricted: Collection[str]
) -> dict[str, Any] | None:
    """Return the contact for an asked state; None if none is left."""
    agency = asking_agency(actor, trace, restricted)
    office = find_reply_office(trace.owner_state, agency, restricted)
    if office is None and agency is None:
        return None
    name = agency_name(office.agency if office else str(agency))
    return {
        "agency": name,
        "telephone": office and office.telephone,
        "email": office and office.email,
    }
