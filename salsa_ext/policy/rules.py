"""The one permission map, and the check that opens every command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.errors import Coded, Codes, Forbidden, Message, say
from salsa_ext.policy.permissions import Permission as P
from salsa_ext.values.actor import Actor

EVERY_ROLE: Final = frozenset({P.REFERENCE_READ, P.STATISTICS_READ})
OF_A_STATE: Final = EVERY_ROLE | {P.NOTIFICATION_READ}
AT_WORK: Final = OF_A_STATE | {P.ATTACHMENT_READ, P.ATTACHMENT_RECORD}

RULES: Final[Mapping[str, frozenset[P]]] = {
    "licensing_officer": AT_WORK
    | {P.PERMIT_RECORD, P.PERMIT_READ, P.SHIPMENT_RECORD, P.SHIPMENT_READ, P.RECEIPT_RECORD,
       P.SHIPMENT_RELEASE, P.SHIPMENT_AMEND, P.SHIPMENT_CANCEL, P.SHIPMENT_HOLD,
       P.INCIDENT_RECORD, P.RECEIPT_ASK, P.TRANSFER_RECORD, P.TRANSFER_READ,
       P.CHECK_MAKE, P.RECORD_READ, P.IMPORT_RUN, P.DISCREPANCY_READ, P.DISCREPANCY_WORK,
       P.SETTING_READ, P.LICENSEE_READ, P.LICENSEE_RECORD},
    "police_officer": AT_WORK
    | {P.SEIZURE_RECORD, P.SEIZURE_READ, P.MARK_RECORD, P.REPORT_RECORD, P.REPORT_READ,
       P.CHECK_MAKE, P.RECORD_READ, P.TRACE_REQUEST, P.TRACE_READ, P.IMPORT_RUN, P.LICENSEE_READ,
       P.MATCH_READ, P.MATCH_DECIDE, P.CONSENT_ASK, P.CONSENT_READ, P.LEAD_READ,
       P.ALERT_READ, P.ALERT_RECORD, P.HIT_READ, P.HIT_DECIDE},
    "forensic_examiner": AT_WORK
    | {P.SEIZURE_READ, P.MARK_RECORD, P.CHECK_MAKE, P.RECORD_READ, P.MATCH_READ, P.MATCH_DECIDE},
    "trace_analyst": AT_WORK
    | {P.TRACE_REQUEST, P.TRACE_READ, P.REQUEST_READ, P.REQUEST_ANSWER,
       P.CHECK_MAKE, P.RECORD_READ, P.PERMIT_READ, P.SHIPMENT_READ,
       P.TRANSFER_READ, P.SEIZURE_READ, P.REPORT_READ, P.SETTING_READ, P.LICENSEE_READ,
       P.DISCREPANCY_READ, P.MATCH_READ, P.MATCH_DECIDE, P.CONSENT_ASK, P.CONSENT_READ,
       P.CONSENT_DECIDE, P.DISCLOSURE_READ, P.LEAD_READ,
       P.ALERT_READ, P.ALERT_RECORD, P.HIT_READ, P.HIT_DECIDE},
    "border_officer": AT_WORK
    | {P.BOARD_READ, P.PERMIT_READ, P.SHIPMENT_READ, P.CHECKPOINT_RECORD, P.RECEIPT_RECORD,
       P.SHIPMENT_HOLD, P.INCIDENT_RECORD, P.SEIZURE_RECORD, P.SEIZURE_READ, P.CHECK_MAKE,
       P.RECORD_READ, P.SETTING_READ, P.LICENSEE_READ, P.DISCREPANCY_READ,
       P.HIT_READ},
    "supervisor": AT_WORK
    | {P.TRACE_APPROVE, P.TRACE_READ, P.REQUEST_READ, P.REQUEST_ANSWER, P.RECORD_READ,
       P.BOARD_READ, P.AGENCY_PLACE, P.PERMIT_READ, P.SHIPMENT_READ, P.SHIPMENT_HOLD,
       P.INCIDENT_RECORD, P.TRANSFER_READ, P.SEIZURE_READ, P.REPORT_READ,
       P.AUDIT_READ, P.MATCH_READ, P.CONSENT_READ, P.CONSENT_DECIDE, P.DISCLOSURE_READ,
       P.ALERT_READ, P.HIT_READ,
       P.SETTING_READ, P.LICENSEE_READ, P.DISCREPANCY_READ, P.DISCREPANCY_WORK},
    "state_administrator": OF_A_STATE
    | {P.ACCOUNT_MANAGE, P.KEY_MANAGE, P.AGENCY_MANAGE, P.AGENCY_PLACE, P.SETTING_MANAGE,
       P.SETTING_READ, P.SIGNING_KEY_MANAGE},
    "auditor": OF_A_STATE
    | {P.AUDIT_READ, P.SETTING_READ, P.CONSENT_READ, P.DISCLOSURE_READ},
    "secretariat": EVERY_ROLE,
    "display": frozenset({P.WALL_READ}),
}  # fmt: skip
NOBODY: Final = "operator"


def permissions_of(role: str) -> frozenset[P]:
    """Return what a role may do; nothing for a role that the map does not name."""
    return RULES.get(role, frozenset())


def is_limited(actor: Actor) -> bool:
    """Tell whether the key that somebody acts by carries less than his role may."""
    return not permissions_of(actor.role) <= actor.permissions


def operator(state: str | None, agency: str | None = None, clock: Clock = SYSTEM) -> Actor:
    """Return the actor of the command line: every permission, in one state, as `operator`.

    Who can run the command line on the server's machine is its operator already.
    """
    return Actor(state=state, role=NOBODY, permissions=frozenset(P), agency=agency, clock=clock)


def service(state: str | None, clock: Clock = SYSTEM) -> Actor:
    """Return the actor of what the service does by itself: as `operator`, and written down as automatic."""
    return replace(operator(state, clock=clock), is_automatic=True)


def visitor(clock: Clock = SYSTEM) -> Actor:
    """Return the actor of somebody who has not signed in: no state, and no permission at all."""
    return Actor(state=None, role=NOBODY, permissions=frozenset(), clock=clock)


def _who_may(actor: Actor, permission: P) -> Message:
    """Return which roles may; of one that may itself, the key by which it acts carries too little."""
    roles = tuple(role for role, may in RULES.items() if permission in may)
    if not roles or actor.role in roles:
        return say("This needs the permission {permission}.", permission=str(permission))
    return say("“{what}” is for these roles: {roles}.", what=Coded("permission", str(permission)),
               roles=Codes("role", roles))  # fmt: skip


def require(actor: Actor, permission: P, subject_owner: str | None = None) -> None:
    """Open a command: raises Forbidden unless the actor may, and the subject is his own state's.

    `subject_owner` is the state that owns what will change; None where nothing exists yet.
    """
    if permission not in actor.permissions:
        raise Forbidden(_who_may(actor, permission), permission=str(permission))
    if subject_owner is not None and subject_owner != actor.state:
        raise Forbidden(say("This belongs to {state}; only its authorities may change it.",
                            state=subject_owner))  # fmt: skip
