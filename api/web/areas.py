"""Areas of the service: the navigation of every page, for what a role may do."""

from dataclasses import dataclass
from typing import Final

from flask import g, request, url_for

from salsa_ext.access.permissions import Permission
from salsa_ext.core.errors import Message, message

SHOWN_ON_SCREENS: Final = 6
"""Areas in one line of a wide screen; the others are in a menu."""
SHOWN_ON_PHONES: Final = 2
"""Areas in the bar of a phone, between home and notifications."""


@dataclass(frozen=True)
class Area:
    """A part of the service: first page, name, icon, whether the reader is in it.

    `is_shown` in the line of a screen, `is_at_thumb` in the bar of a phone; the others are in a menu.
    """

    address: str
    name: Message
    icon: str
    is_current: bool
    is_shown: bool
    is_at_thumb: bool


AREAS: Final = (
    (Permission.CHECKPOINT_RECORD, "account.home", message("Border posts"), "landmark"),
    (Permission.CHECK_MAKE, "investigation.check_form", message("Check"), "search"),
    (Permission.SEIZURE_READ, "investigation.seizure_list", message("Seizures"), "package"),
    (Permission.PERMIT_READ, "licensing.home", message("Licensing desk"), "files"),
    (Permission.TRACE_READ, "tracing.trace_list", message("Traces"), "waypoints"),
    (Permission.REQUEST_READ, "tracing.request_list", message("Requests"), "send"),
    (Permission.MATCH_READ, "investigation.match_list", message("Matches"), "fingerprint"),
    (Permission.HIT_READ, "investigation.hit_list", message("Hits"), "crosshair"),
    (Permission.ALERT_READ, "investigation.alert_list", message("Alerts"), "siren"),
    (Permission.REPORT_READ, "investigation.report_list", message("Reports"), "file-text"),
    (Permission.SHIPMENT_READ, "licensing.shipment_list", message("Shipments"), "truck"),
    (
        Permission.DISCREPANCY_READ,
        "licensing.discrepancy_list",
        message("Discrepancies"),
        "equal-not",
    ),
    (Permission.TRANSFER_READ, "licensing.transfer_list", message("Transfers"), "arrow-left-right"),
    (Permission.TRACE_APPROVE, "tracing.approvals", message("Traces to approve"), "check"),
    (Permission.LEAD_READ, "investigation.lead_list", message("Patterns"), "scale"),
    (Permission.CONSENT_READ, "tracing.consent_list", message("Consents"), "handshake"),
    (Permission.CONVERSATION_WRITE, "tracing.conversation_list", message("Conversations"), "inbox"),
    (Permission.STATISTICS_READ, "account.figures_page", message("Figures"), "chart-column"),
    (
        Permission.STATISTICS_READ,
        "account.annual_report_list",
        message("Annual reports"),
        "scroll-text",
    ),
    (Permission.IMPORT_RUN, "account.import_list", message("Imports"), "arrow-down"),
    (Permission.AUDIT_READ, "investigation.audit_log", message("Audit"), "scroll-text"),
    (Permission.LOOKUP_REVIEW, "investigation.lookup_list", message("Look-ups to review"), "eye"),
    (
        Permission.PERSONAL_DATA_MANAGE,
        "account.subject_request_list",
        message("Requests of persons"),
        "user",
    ),
    (
        Permission.PARTICIPATION_DECLARE,
        "account.participation_list",
        message("Participation of states"),
        "flag",
    ),
    (Permission.ACCOUNT_CONFIRM, "account.account_list", message("Accounts"), "user"),
    (Permission.SETTING_MANAGE, "account.settings_form", message("Settings"), "pencil"),
    (Permission.KEY_MANAGE, "account.key_list", message("Keys and sessions"), "lock"),
    (Permission.WEBHOOK_MANAGE, "account.webhook_list", message("Webhooks"), "send"),
    (Permission.REFERENCE_READ, "account.agency_list", message("Agencies and offices"), "landmark"),
    (Permission.AGENCY_PLACE, "account.post_list", message("Agencies at border posts"), "landmark"),
)
"""Permission, first page, name and icon, in the order of the navigation."""
POSTS_ANCHOR: Final = "posts"
"""Where home lists the border posts."""


def areas() -> list[Area]:
    """Return the areas that the signed-in user may enter."""
    actor = g.get("actor")
    if actor is None or g.get("is_offline"):
        return []
    offered = [
        (_address(endpoint), name, icon)
        for permission, endpoint, name, icon in AREAS
        if permission in actor.permissions
    ]
    current = max(
        (address for address, _, _ in offered if _is_within(address)), key=len, default=""
    )
    return [
        Area(address, name, icon, address == current, at < SHOWN_ON_SCREENS, at < SHOWN_ON_PHONES)
        for at, (address, name, icon) in enumerate(offered)
    ]


def _address(endpoint: str) -> str:
    return url_for(endpoint, _anchor=POSTS_ANCHOR if endpoint == "account.home" else None)


def _is_within(address: str) -> bool:
    """Return whether the request is for a page of the area."""
    if address.startswith("/#"):
        return request.path.startswith("/posts/")
    root = address.removesuffix("/new").rstrip("/")
    return request.path.rstrip("/") == root or request.path.startswith(f"{root}/")
