"""Permissions of each role, and the check that begins every command."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import resolve_officer
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.models import AuditEntry
from salsa_ext.access.permissions import Permission as P
from salsa_ext.core.actor import NO_VAULT, Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.errors import CodeLabel, CodeLabels, Forbidden, Message, message
from salsa_ext.database.session import db


def _permissions(names: str) -> frozenset[P]:
    return frozenset(P[name] for name in names.split())  # pragma: no mutate - runs at import alone


COMMON_PERMISSIONS: Final = frozenset({P.KEY_ISSUE, P.REFERENCE_READ, P.STATISTICS_READ})
STATE_PERMISSIONS: Final = COMMON_PERMISSIONS | {P.CHANGE_READ, P.NOTIFICATION_READ}
OFFICER_PERMISSIONS: Final = STATE_PERMISSIONS | {P.ATTACHMENT_READ, P.ATTACHMENT_RECORD}

ROLE_PERMISSIONS: Final[Mapping[str, frozenset[P]]] = {
    "licensing_officer": OFFICER_PERMISSIONS
    | _permissions(
        "PERMIT_RECORD PERMIT_APPROVE PERMIT_READ SHIPMENT_RECORD SHIPMENT_READ RECEIPT_RECORD "
        "SHIPMENT_RELEASE SHIPMENT_AMEND SHIPMENT_CANCEL SHIPMENT_HOLD INCIDENT_RECORD "
        "RECEIPT_ASK TRANSFER_RECORD TRANSFER_READ CHECK_MAKE RECORD_READ IMPORT_RUN "
        "DISCREPANCY_READ DISCREPANCY_WORK SETTING_READ LICENSEE_READ LICENSEE_RECORD "
        "CONVERSATION_WRITE ANNUAL_REPORT_WRITE"
    ),
    "police_officer": OFFICER_PERMISSIONS
    | _permissions(
        "SEIZURE_RECORD SEIZURE_READ MARK_RECORD REPORT_RECORD REPORT_READ CHECK_MAKE "
        "RECORD_READ TRACE_REQUEST TRACE_READ IMPORT_RUN LICENSEE_READ MATCH_READ "
        "MATCH_DECIDE CONSENT_ASK CONSENT_READ LEAD_READ ALERT_READ ALERT_RECORD HIT_READ "
        "HIT_DECIDE"
    ),
    "forensic_examiner": OFFICER_PERMISSIONS
    | {P.SEIZURE_READ, P.MARK_RECORD, P.CHECK_MAKE, P.RECORD_READ, P.MATCH_READ, P.MATCH_DECIDE},
    "trace_analyst": OFFICER_PERMISSIONS
    | _permissions(
        "TRACE_REQUEST TRACE_READ REQUEST_READ REQUEST_ANSWER CHECK_MAKE RECORD_READ "
        "PERMIT_READ SHIPMENT_READ TRANSFER_READ SEIZURE_READ REPORT_READ SETTING_READ "
        "LICENSEE_READ DISCREPANCY_READ MATCH_READ MATCH_DECIDE CONSENT_ASK CONSENT_READ "
        "CONSENT_DECIDE DISCLOSURE_READ LEAD_READ ALERT_READ ALERT_RECORD HIT_READ HIT_DECIDE "
        "CONVERSATION_WRITE ANNUAL_REPORT_WRITE"
    ),
    "border_officer": OFFICER_PERMISSIONS
    | _permissions(
        "BOARD_READ PERMIT_READ SHIPMENT_READ CHECKPOINT_RECORD RECEIPT_RECORD SHIPMENT_HOLD "
        "INCIDENT_RECORD SEIZURE_RECORD SEIZURE_READ CHECK_MAKE RECORD_READ SETTING_READ "
        "LICENSEE_READ DISCREPANCY_READ HIT_READ"
    ),
    "supervisor": OFFICER_PERMISSIONS
    | _permissions(
        "ACCOUNT_CONFIRM TRACE_APPROVE TRACE_READ REQUEST_READ REQUEST_ANSWER RECORD_READ BOARD_READ "
        "AGENCY_PLACE PERMIT_APPROVE PERMIT_READ SHIPMENT_READ SHIPMENT_HOLD INCIDENT_RECORD TRANSFER_READ "
        "SEIZURE_READ REPORT_READ AUDIT_READ MATCH_READ CONSENT_READ CONSENT_DECIDE "
        "DISCLOSURE_READ ALERT_READ HIT_READ SETTING_READ LICENSEE_READ DISCREPANCY_READ "
        "DISCREPANCY_WORK LOOKUP_REVIEW CONVERSATION_WRITE ANNUAL_REPORT_WRITE"
    ),
    "state_administrator": STATE_PERMISSIONS
    | {
        P.ACCOUNT_MANAGE,
        P.ACCOUNT_CONFIRM,
        P.KEY_MANAGE,
        P.AGENCY_MANAGE,
        P.AGENCY_PLACE,
        P.PARTICIPATION_DECLARE,
        P.SETTING_MANAGE,
        P.SETTING_READ,
        P.SIGNING_KEY_MANAGE,
        P.CANARY_MANAGE,
        P.WEBHOOK_MANAGE,
    },
    "auditor": STATE_PERMISSIONS
    | {
        P.AUDIT_READ,
        P.SETTING_READ,
        P.CONSENT_READ,
        P.DISCLOSURE_READ,
        P.CANARY_MANAGE,
        P.PERSONAL_DATA_MANAGE,
    },
    "secretariat": COMMON_PERMISSIONS | {P.RELEASE_CREATE, P.ANNUAL_REPORT_WRITE},
    "display": frozenset({P.WALL_READ}),
}
OPERATOR_ROLE: Final = "operator"


def role_permissions(role: str) -> frozenset[P]:
    """Return a role's permissions; empty for unknown roles."""
    return ROLE_PERMISSIONS.get(role, frozenset())


def has_limited_key(actor: Actor) -> bool:
    """True if the actor's key has fewer permissions than the role."""
    return not role_permissions(actor.role) <= actor.permissions


def operator(
    state: str | None,
    agency: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
    vault: Vault = NO_VAULT,
) -> Actor:
    """Return the actor of the command line: all permissions in one state."""
    return Actor(
        state=state,
        role=OPERATOR_ROLE,
        permissions=frozenset(P),
        agency=agency,
        clock=clock,
        vault=vault,
    )


def service(state: str | None, clock: Clock = SYSTEM_CLOCK, vault: Vault = NO_VAULT) -> Actor:
    """Return the actor of automatic acts: an operator marked as automatic."""
    return replace(operator(state, clock=clock, vault=vault), is_automatic=True)


def visitor(clock: Clock = SYSTEM_CLOCK) -> Actor:
    """Return the actor without a session: no state, no permissions."""
    return Actor(state=None, role=OPERATOR_ROLE, permissions=frozenset(), clock=clock)


def _forbidden_message(actor: Actor, permission: P) -> Message:
    """Name the roles with the permission; for these, the missing permission."""
    roles = tuple(role for role, may in ROLE_PERMISSIONS.items() if permission in may)
    if not roles or actor.role in roles:
        return message("This needs the permission {permission}.", permission=str(permission))
    return message(
        "“{what}” is for these roles: {roles}.",
        what=CodeLabel("permission", str(permission)),
        roles=CodeLabels("role", roles),
    )


def require(actor: Actor, permission: P, subject_owner: str | None = None) -> None:
    """Raise Forbidden without the permission, or for another state's subject.

    `subject_owner` is the owner state of the object to change; None for a new object.
    """
    if permission not in actor.permissions:
        raise Forbidden(_forbidden_message(actor, permission), permission=str(permission))
    if subject_owner is not None and subject_owner != actor.state:
        raise Forbidden(
            message(
                "This belongs to {state}; only its authorities may change it.", state=subject_owner
            )
        )


def is_same_person(actor: Actor, subject_id: UUID, *actions: Action) -> bool:
    """Return whether the actor already acted so on a subject.

    Four-eyes check: what one person does, a second one approves. The same account or officer number
    is the same person. An actor without account and number counts as having done it; so do two
    commands without a number.
    """
    done = select(AuditEntry.account_id, AuditEntry.officer_id).where(
        AuditEntry.subject_id == str(subject_id), AuditEntry.action.in_(actions)
    )
    officer = resolve_officer(actor)
    if actor.account_id is None and officer is None:
        return True
    return any(_is_same_actor(actor, officer, *who) for who in db.session.execute(done))


def _is_same_actor(
    actor: Actor, officer: UUID | None, account_then: UUID | None, officer_then: UUID | None
) -> bool:
    if actor.account_id is not None and actor.account_id == account_then:
        return True
    if officer_then is None:
        return actor.account_id is None and account_then is None
    return officer_then == officer
