"""Codes of notifications with their roles and urgency, and notices to states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID


class NoticeRule(NamedTuple):
    """Roles that a code notifies, and whether it is routine, urgent or an alarm."""

    kind: str
    roles: tuple[str, ...]
    urgency: str


_TRADE: Final = "licensing_officer border_officer"
_POLICE: Final = "police_officer trace_analyst"
_ALL_READERS: Final = (
    "police_officer trace_analyst forensic_examiner licensing_officer border_officer supervisor"
    " auditor"
)
"""Roles that read records of other states, or in the audit that they were corrected."""
_TABLE: Final = (
    ("permit", "to_approve", "licensing_officer supervisor", ""),
    ("permit", "returned", "licensing_officer", ""),
    ("permit", "posted cancelled suspended reinstated amended replaced", "licensing_officer", ""),
    ("shipment", "posted released amended cancelled held resumed returned arrived", _TRADE, ""),
    ("shipment", "incident passed_held", _TRADE, "alarm"),
    ("receipt", "asked confirmed corrected", _TRADE, ""),
    (
        "discrepancy",
        "raised explained agreed resolved reopened assigned",
        f"{_TRADE} supervisor",
        "",
    ),
    ("match", "proposed reopened withdrawn", _POLICE, ""),
    ("match", "contradicted", _POLICE, "alarm"),
    ("record", "corrected withdrawn", _ALL_READERS, ""),
    ("pointer", "withdrawn", _ALL_READERS, ""),
    ("consent", "asked granted refused revoked compelled", "trace_analyst supervisor", ""),
    ("request", "received renewed replied due assigned unassigned", "trace_analyst", "urgent"),
    ("request", "withdrawn feedback compared", "trace_analyst", ""),
    ("request", "overdue", "supervisor", "urgent"),
    (
        "trace",
        "answered corrected no_record refused deferred asked forwarded not_taken approved unsent"
        " declined assigned unassigned unapprovable form_to_send",
        _POLICE,
        "urgent",
    ),
    ("trace", "acknowledged", _POLICE, ""),
    ("trace", "changed", f"{_POLICE} supervisor", ""),
    ("trace", "waiting", f"{_POLICE} supervisor", "urgent"),
    ("trace", "to_approve", "supervisor", "urgent"),
    ("approval", "lapsed", _POLICE, "urgent"),
    ("alert", "expiring expired", _POLICE, ""),
    ("hit", "made reopened unanswered", _POLICE, "alarm"),
    ("hit", "overdue", "supervisor trace_analyst", "alarm"),
    ("hit", "silent", _POLICE, ""),
    (
        "hit",
        "confirmed denied extended expired alert_cancelled alert_expired cause_withdrawn"
        " cause_corrected cause_corrected_away",
        _POLICE,
        "urgent",
    ),
    ("post", "called", "border_officer", "urgent"),
    ("conversation", "message", "trace_analyst licensing_officer supervisor", ""),
    ("account", "recovery_begun recovered", "auditor", "urgent"),
    ("canary", "looked_up", "auditor supervisor", "alarm"),
    ("lookup", "sampled", "supervisor", ""),
    ("lookup", "questioned", "auditor", "urgent"),
    ("webhook", "disabled", "state_administrator", "urgent"),
)
"""Prefix of codes, their endings, roles, urgency."""
NOTICE_RULES: Final[Mapping[str, NoticeRule]] = {
    f"{prefix}_{ending}": NoticeRule(
        {"receipt": "shipment", "approval": "trace"}.get(prefix, prefix),
        tuple(roles.split()),
        urgency,
    )
    for prefix, endings, roles, urgency in _TABLE
    for ending in endings.split()
}
"""Roles and urgency by code. An assignee or an agency may be notified in place of the roles."""
PERSONAL_KINDS: Final = ("account", "lookup")
"""Kinds of which a person is notified, whatever the role."""
NOTIFICATION_CODES: Final = (*NOTICE_RULES,)
NOTIFICATION_KINDS: Final = tuple(
    "account alert canary check consent conversation discrepancy hit lookup match permit post record"
    " request seizure shipment trace webhook".split()
)
"""Kinds of subject of a notification."""
URGENT_NOTIFICATIONS: Final = tuple(code for code, rule in NOTICE_RULES.items() if rule.urgency)
"""Codes that require action; listed before the others."""
CRITICAL_NOTIFICATIONS: Final = tuple(
    code for code, rule in NOTICE_RULES.items() if rule.urgency == "alarm"
)
"""Urgent codes that are alarms; listed first."""
GROUPED_NOTIFICATIONS: Final = ("match_proposed",)
"""Frequent codes, shown as one line with a count."""

_NUMBERS: Final = {
    "consent": "case_number",
    "conversation": "title",
    "discrepancy": "subject_number",
    "permit": "number",
    "request": "case_number",
    "shipment": "number",
    "trace": "case_number",
}
"""Attribute with the natural number by kind of object."""


class Subject(NamedTuple):
    """Object of a notice, owned by `state`; its kind follows from the code unless given."""

    id: UUID
    state: str
    number: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Notice:
    """Notice to roles of `state` about one object, a row or a Subject.

    `data` holds ids and codes, never personal values. `roles` replace those of the code. With
    `account` only that account is notified; with `agencies` only their officers.
    """

    state: str
    code: str
    subject: Any
    data: dict[str, Any] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    account: UUID | None = None
    agencies: tuple[str, ...] | None = None

    @property
    def about(self) -> Subject:
        """The object with its kind and number; raises KeyError for an unknown code."""
        kind = NOTICE_RULES[self.code].kind
        if isinstance(self.subject, Subject):
            return self.subject._replace(kind=self.subject.kind or kind)
        number = getattr(self.subject, _NUMBERS[kind]) if kind in _NUMBERS else None
        return Subject(self.subject.id, self.subject.owner_state, number, kind)


@dataclass(frozen=True)
class ReadFilter:
    """Notifications to mark read: of a kind, a code, an object, raised until a moment."""

    kind: str | None = None
    code: str | None = None
    subject_id: UUID | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AssigneeData:
    """Username of the own state's account to assign."""

    username: str
