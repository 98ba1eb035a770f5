"""Every route of the API with the permission that it needs, as the contract has it."""

from __future__ import annotations

import re
from typing import NamedTuple

from salsa_ext.policy.permissions import Permission as Of

ID = "0199f2c0-0000-7000-8000-000000000000"
POST = "ciudad-del-este-foz-do-iguacu"


class Route(NamedTuple):
    """A method and path, and who may use it; None stands for every key."""

    method: str
    path: str
    permission: Of | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        """Return the path with the id of nothing, a post and a dataset that there are."""
        named = (
            self.path.replace("{code}", POST)
            .replace("{dataset}", "seizures")
            .replace("{line}", "1")
        )
        return re.sub(r"\{\w+_id\}", ID, named)


ROUTES = (
    Route("GET", "/me", None),
    Route("GET", "/accounts", Of.ACCOUNT_MANAGE),
    Route("POST", "/accounts", Of.ACCOUNT_MANAGE),
    Route("GET", "/accounts/{account_id}", Of.ACCOUNT_MANAGE),
    Route("POST", "/accounts/{account_id}/close", Of.ACCOUNT_MANAGE),
    Route("GET", "/keys", Of.KEY_MANAGE),
    Route("POST", "/keys", Of.KEY_MANAGE),
    Route("POST", "/keys/{key_id}/revoke", Of.KEY_MANAGE),
    Route("GET", "/audit", Of.AUDIT_READ),
    Route("GET", "/states", Of.REFERENCE_READ),
    Route("GET", "/posts", Of.REFERENCE_READ),
    Route("GET", "/makes", Of.REFERENCE_READ),
    Route("GET", "/calibres", Of.REFERENCE_READ),
    Route("GET", "/types", Of.REFERENCE_READ),
    Route("GET", "/offences", Of.REFERENCE_READ),
    Route("GET", "/agencies", Of.REFERENCE_READ),
    Route("POST", "/agencies", Of.AGENCY_MANAGE),
    Route("GET", "/contacts", Of.REFERENCE_READ),
    Route("POST", "/contacts", Of.AGENCY_MANAGE),
    Route("GET", "/settings", Of.SETTING_READ),
    Route("POST", "/settings/change", Of.SETTING_MANAGE),
    Route("GET", "/licensees", Of.LICENSEE_READ),
    Route("POST", "/licensees", Of.LICENSEE_RECORD),
    Route("GET", "/licensees/{licensee_id}", Of.LICENSEE_READ),
    Route("POST", "/licensees/{licensee_id}/suspend", Of.LICENSEE_RECORD),
    Route("POST", "/licensees/{licensee_id}/reinstate", Of.LICENSEE_RECORD),
    Route("POST", "/licensees/{licensee_id}/revoke", Of.LICENSEE_RECORD),
    Route("POST", "/licensees/{licensee_id}/close", Of.LICENSEE_RECORD),
    Route("POST", "/licensees/{licensee_id}/renew", Of.LICENSEE_RECORD),
    Route("GET", "/notifications", Of.NOTIFICATION_READ),
    Route("POST", "/notifications/{notification_id}/read", Of.NOTIFICATION_READ),
    Route("GET", "/posts/{code}/board", Of.BOARD_READ),
    Route("GET", "/permits", Of.PERMIT_READ),
    Route("POST", "/permits", Of.PERMIT_RECORD),
    Route("GET", "/permits/{permit_id}", Of.PERMIT_READ),
    Route("POST", "/permits/{permit_id}/cancel", Of.PERMIT_RECORD),
    Route("POST", "/permits/{permit_id}/suspend", Of.PERMIT_RECORD),
    Route("POST", "/permits/{permit_id}/reinstate", Of.PERMIT_RECORD),
    Route("POST", "/permits/{permit_id}/amend", Of.PERMIT_RECORD),
    Route("POST", "/permits/{permit_id}/reissue", Of.PERMIT_RECORD),
    Route("GET", "/permits/{permit_id}/paper", Of.PERMIT_READ),
    Route("GET", "/shipments/{shipment_id}/paper", Of.SHIPMENT_READ),
    Route("POST", "/permits/verify", Of.PERMIT_READ),
    Route("POST", "/signing-keys/rotate", Of.SIGNING_KEY_MANAGE),
    Route("GET", "/permits/{permit_id}/shipments", Of.SHIPMENT_READ),
    Route("POST", "/permits/{permit_id}/shipments", Of.SHIPMENT_RECORD),
    Route("GET", "/shipments", Of.SHIPMENT_READ),
    Route("GET", "/shipments/{shipment_id}", Of.SHIPMENT_READ),
    Route("GET", "/shipments/{shipment_id}/items", Of.SHIPMENT_READ),
    Route("POST", "/shipments/{shipment_id}/release", Of.SHIPMENT_RELEASE),
    Route("POST", "/shipments/{shipment_id}/amend", Of.SHIPMENT_AMEND),
    Route("POST", "/shipments/{shipment_id}/cancel", Of.SHIPMENT_CANCEL),
    Route("POST", "/shipments/{shipment_id}/hold", Of.SHIPMENT_HOLD),
    Route("POST", "/shipments/{shipment_id}/resume", Of.SHIPMENT_HOLD),
    Route("POST", "/shipments/{shipment_id}/checkpoints", Of.CHECKPOINT_RECORD),
    Route("POST", "/shipments/{shipment_id}/incidents", Of.INCIDENT_RECORD),
    Route("POST", "/shipments/{shipment_id}/ask_receipt", Of.RECEIPT_ASK),
    Route("POST", "/shipments/{shipment_id}/receipt", Of.RECEIPT_RECORD),
    Route("GET", "/shipments/{shipment_id}/receipt", Of.SHIPMENT_READ),
    Route("POST", "/shipments/{shipment_id}/receipt/correct", Of.RECEIPT_RECORD),
    Route("GET", "/discrepancies", Of.DISCREPANCY_READ),
    Route("GET", "/discrepancies/{discrepancy_id}", Of.DISCREPANCY_READ),
    Route("POST", "/discrepancies/{discrepancy_id}/explain", Of.DISCREPANCY_WORK),
    Route("POST", "/discrepancies/{discrepancy_id}/agree", Of.DISCREPANCY_WORK),
    Route("POST", "/discrepancies/{discrepancy_id}/reopen", Of.DISCREPANCY_WORK),
    Route("POST", "/discrepancies/{discrepancy_id}/assign", Of.DISCREPANCY_WORK),
    Route("GET", "/transfers", Of.TRANSFER_READ),
    Route("POST", "/transfers", Of.TRANSFER_RECORD),
    Route("GET", "/transfers/{transfer_id}", Of.TRANSFER_READ),
    Route("POST", "/transfers/{transfer_id}/correct", Of.TRANSFER_RECORD),
    Route("GET", "/reports", Of.REPORT_READ),
    Route("POST", "/reports", Of.REPORT_RECORD),
    Route("GET", "/reports/{report_id}", Of.REPORT_READ),
    Route("POST", "/reports/{report_id}/correct", Of.REPORT_RECORD),
    Route("GET", "/seizures", Of.SEIZURE_READ),
    Route("POST", "/seizures", Of.SEIZURE_RECORD),
    Route("GET", "/seizures/{seizure_id}", Of.SEIZURE_READ),
    Route("POST", "/seizures/{seizure_id}/correct", Of.SEIZURE_RECORD),
    Route("POST", "/seizures/{seizure_id}/items/{line}/marks", Of.MARK_RECORD),
    Route("GET", "/records/{record_id}", Of.RECORD_READ),
    Route("GET", "/attachments", Of.ATTACHMENT_READ),
    Route("POST", "/attachments", Of.ATTACHMENT_RECORD),
    Route("GET", "/attachments/{attachment_id}", Of.ATTACHMENT_READ),
    Route("GET", "/attachments/{attachment_id}/content", Of.ATTACHMENT_READ),
    Route("POST", "/attachments/{attachment_id}/withdraw", Of.ATTACHMENT_RECORD),
    Route("GET", "/records/{record_id}/history", Of.RECORD_READ),
    Route("GET", "/records/{record_id}/disclosures", Of.DISCLOSURE_READ),
    Route("GET", "/consents", Of.CONSENT_READ),
    Route("POST", "/consents", Of.CONSENT_ASK),
    Route("GET", "/consents/{consent_id}", Of.CONSENT_READ),
    Route("POST", "/consents/{consent_id}/grant", Of.CONSENT_DECIDE),
    Route("POST", "/consents/{consent_id}/refuse", Of.CONSENT_DECIDE),
    Route("POST", "/consents/{consent_id}/revoke", Of.CONSENT_DECIDE),
    Route("GET", "/matches", Of.MATCH_READ),
    Route("GET", "/matches/{match_id}", Of.MATCH_READ),
    Route("POST", "/matches/{match_id}/confirm", Of.MATCH_DECIDE),
    Route("POST", "/matches/{match_id}/reject", Of.MATCH_DECIDE),
    Route("GET", "/leads", Of.LEAD_READ),
    Route("GET", "/leads/{lead_id}", Of.LEAD_READ),
    Route("GET", "/alerts", Of.ALERT_READ),
    Route("POST", "/alerts", Of.ALERT_RECORD),
    Route("GET", "/alerts/{alert_id}", Of.ALERT_READ),
    Route("POST", "/alerts/{alert_id}/verify", Of.ALERT_RECORD),
    Route("POST", "/alerts/{alert_id}/cancel", Of.ALERT_RECORD),
    Route("GET", "/hits", Of.HIT_READ),
    Route("GET", "/hits/{hit_id}", Of.HIT_READ),
    Route("POST", "/hits/{hit_id}/confirm", Of.HIT_DECIDE),
    Route("POST", "/hits/{hit_id}/deny", Of.HIT_DECIDE),
    Route("POST", "/hits/{hit_id}/extend", Of.HIT_DECIDE),
    Route("POST", "/checks", Of.CHECK_MAKE),
    Route("POST", "/checks/batch", Of.CHECK_MAKE),
    Route("POST", "/checks/{check_id}/case", Of.CHECK_MAKE),
    Route("GET", "/marks/reading", Of.CHECK_MAKE),
    Route("GET", "/traces", Of.TRACE_READ),
    Route("POST", "/traces", Of.TRACE_REQUEST),
    Route("GET", "/traces/{trace_id}", Of.TRACE_READ),
    Route("GET", "/traces/{trace_id}/result", Of.TRACE_READ),
    Route("GET", "/traces/{trace_id}/report", Of.TRACE_READ),
    Route("POST", "/traces/{trace_id}/report/verify", Of.TRACE_READ),
    Route("POST", "/traces/{trace_id}/approve", Of.TRACE_APPROVE),
    Route("POST", "/traces/{trace_id}/send", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/withdraw", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/close", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/legs", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/legs/{leg_id}/reply", Of.TRACE_REQUEST),
    Route("GET", "/traces/{trace_id}/legs/{leg_id}/form", Of.TRACE_REQUEST),
    Route("GET", "/traces/{trace_id}/legs/{leg_id}/form/fields", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/feedback", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/assign", Of.TRACE_REQUEST),
    Route("POST", "/traces/{trace_id}/notes", Of.TRACE_REQUEST),
    Route("GET", "/requests", Of.REQUEST_READ),
    Route("GET", "/requests/{request_id}", Of.REQUEST_READ),
    Route("POST", "/requests/{request_id}/acknowledge", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/answer", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/no_record", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/refuse", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/defer", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/ask", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/forward", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/assign", Of.REQUEST_ANSWER),
    Route("POST", "/requests/{request_id}/notes", Of.REQUEST_ANSWER),
    Route("GET", "/statistics", Of.STATISTICS_READ),
    Route("GET", "/statistics/{dataset}", Of.STATISTICS_READ),
)
