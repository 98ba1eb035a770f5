"""What is stored, one file a concept; re-exported so that the migrations' test sees all of it."""

from salsa_ext.models.accounts import Account, ApiKey, Officer
from salsa_ext.models.alerts import Alert, Hit
from salsa_ext.models.attachments import Attachment, AttachmentPart
from salsa_ext.models.audit import AuditEntry
from salsa_ext.models.boards import BoardChange
from salsa_ext.models.calls import PostCall, PostCallAnswer
from salsa_ext.models.checks import Check
from salsa_ext.models.consents import Consent
from salsa_ext.models.discrepancies import Assignment, Discrepancy, Position
from salsa_ext.models.envelopes import (
    Inbox,
    InboxPair,
    InboxProgress,
    Outbox,
    OutboxPair,
    OutboxProgress,
)
from salsa_ext.models.events import Event
from salsa_ext.models.hidings import Hiding
from salsa_ext.models.idempotency import IdempotencyKey
from salsa_ext.models.imports import ImportRun
from salsa_ext.models.installation import Installation
from salsa_ext.models.licensees import Licensee
from salsa_ext.models.matches import Match, MatchWait, OwnerWait
from salsa_ext.models.notifications import Notification, NotificationReading
from salsa_ext.models.numbers import StandingNumber
from salsa_ext.models.parties import Party
from salsa_ext.models.permits import Permit, PermitLine, PermitReference
from salsa_ext.models.records import Mark, MarkForm, MarkKey, Record, RecordSetting
from salsa_ext.models.reference import (
    Agency,
    Alias,
    Calibre,
    Contact,
    FirearmType,
    Label,
    Make,
    Offence,
    Post,
    State,
)
from salsa_ext.models.reports import Report
from salsa_ext.models.requests import TraceMessage, TraceRequest
from salsa_ext.models.rollups import Rollup, RollupDelta
from salsa_ext.models.seizures import Seizure
from salsa_ext.models.settings import StateSetting
from salsa_ext.models.shipments import Checkpoint, Receipt, Shipment, ShippedAgain
from salsa_ext.models.signing import SigningKey, SigningSecret
from salsa_ext.models.traces import Trace, TraceLeg
from salsa_ext.models.transfers import Transfer

__all__ = [
    "Account", "Agency", "Alert", "Alias", "ApiKey", "Assignment", "Attachment", "AttachmentPart",
    "AuditEntry", "BoardChange", "Calibre", "Check", "Checkpoint", "Consent", "Contact", "Discrepancy", "Event",
    "FirearmType", "Hiding", "Hit", "IdempotencyKey", "ImportRun", "Inbox", "InboxPair", "InboxProgress",
    "Installation", "Label", "Licensee", "Make", "Mark", "MarkForm", "MarkKey", "Match",
    "MatchWait", "Notification", "NotificationReading", "Offence", "Officer", "Outbox",
    "OutboxPair", "OutboxProgress", "OwnerWait", "Party", "Permit", "PermitLine", "PermitReference",
    "Position", "Post", "PostCall", "PostCallAnswer", "Receipt", "Record", "RecordSetting", "Report",
    "Rollup", "RollupDelta",
    "Seizure", "Shipment", "ShippedAgain", "SigningKey", "SigningSecret", "StandingNumber",
    "State", "StateSetting", "Trace", "TraceLeg", "TraceMessage", "TraceRequest", "Transfer",
]  # fmt: skip
