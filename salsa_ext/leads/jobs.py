"""Store the leads of large registers, so that a reader does not wait for all guns."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.jobs.runner import DueJob
from salsa_ext.leads.leads import Lead
from salsa_ext.leads.models import StoredLead
from salsa_ext.leads.queries import GUNS_IN_LEAD, LeadView, find_leads
from salsa_ext.matches.pair_views import stored_reason

LARGE_REGISTER: Final = 2_000
"""Seizures of a state from which on its leads are stored; of fewer they are computed when read."""


def store_leads(*, actor: Actor) -> int:
    """Store the current leads of a state with a large register; returns how many."""
    require(actor, Permission.LEAD_READ)
    own = actor.own_state()
    db.session.execute(delete(StoredLead).where(StoredLead.owner_state == own))
    some = select(Seizure.id).where(Seizure.owner_state == own).limit(LARGE_REGISTER)
    if len(db.session.scalars(some).all()) < LARGE_REGISTER:
        return 0
    rows = [
        _stored(own, with_others, lead)
        for with_others in (False, True)
        for lead in find_leads(actor, with_others=with_others)
    ]
    insert_many(StoredLead, rows)
    return len(rows)


def _stored(owner: str, with_others: bool, lead: Lead) -> dict[str, Any]:
    """Return the row of a lead; of very many guns the latest seized."""
    guns = LeadView(lead, GUNS_IN_LEAD).guns
    records = {record.id: record.state for gun in guns for record in gun.records}
    rarity = next((each for each in lead.reasons if each.code == "rarity"), None)
    return {
        "owner_state": owner,
        "with_others": with_others,
        "id": lead.id,
        "kind": lead.kind,
        "score": lead.score,
        "seized_on": lead.seizure_days[1],
        "states": [*lead.states],
        "record_ids": [*records],
        "record_states": [*records.values()],
        "rarity": stored_reason(rarity) if rarity else None,
    }


JOBS: Final = (DueJob("leads", timedelta(minutes=15), store_leads, repeats=False),)
