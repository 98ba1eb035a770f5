"""Who asks for a trace: the agency that leads it, and how it is reached, never one from which it is kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Account, Trace
from salsa_ext.readmodels.contacts import answering_to, name_of
from salsa_ext.values.actor import Actor


def agency_of(
    actor: Actor, trace: Trace, kept_from: Collection[str], otherwise: Sequence[str | None] = ()
) -> str | None:
    """Return the agency that asks: of who leads the trace, else who asked, else who acts, or otherwise.

    One that the trace is kept from is never named: the answer would go to it.
    """
    people = [one for one in (trace.assignee_id, trace.requested_by) if one]
    is_known = (
        actor.agency is not None
    )  # who acts for the state as a whole is of an agency all the same
    others = [one for one in people if one != actor.account_id or not is_known]
    wanted = select(Account.id, Account.agency).where(Account.id.in_(others))
    known: dict[UUID | None, str | None] = {actor.account_id: actor.agency} if is_known else {}
    if others:
        known |= {row.id: row.agency for row in db.session.execute(wanted)}
    asking = [*map(known.get, people), actor.agency, *otherwise]
    return next((one for one in asking if one and one not in kept_from), None)


def office(actor: Actor, trace: Trace, kept_from: Collection[str]) -> dict[str, Any] | None:
    """Return whom an asked state may call about a trace, as a letter says it; None where nobody is left."""
    agency = agency_of(actor, trace, kept_from)
    found = answering_to(trace.owner_state, agency, kept_from)
    if found is None and agency is None:
        return None
    named = name_of(found.agency if found else str(agency))
    return {"agency": named, "telephone": found and found.telephone, "email": found and found.email}
