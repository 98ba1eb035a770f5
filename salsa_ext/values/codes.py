"""The closed lists of the contract: what a field may say, in the words of the treaties."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("en", "es", "fr", "pt")

ROLES: Final = (
    "licensing_officer", "police_officer", "forensic_examiner", "trace_analyst", "border_officer",
    "supervisor", "state_administrator", "auditor", "secretariat", "display",
)  # fmt: skip
AGENCY_KINDS: Final = (
    "licensing", "police", "customs", "border", "forensic", "prosecution", "specialised_unit",
    "secretariat", "regional_body",
)  # fmt: skip
CONTACT_KINDS: Final = (
    "national_point_of_contact", "licensing", "customs", "liaison_authority",
    "central_authority_mla", "forensic_lab", "border_post", "duty_24h", "data_protection",
)  # fmt: skip

CATEGORIES: Final = ("firearm", "destructive_device", "part", "ammunition", "explosive", "other")
ORIGIN_KINDS: Final = (
    "industrial", "craft", "privately_made", "printed", "converted", "reactivated", "unknown",
)  # fmt: skip
MARKINGS: Final = ("intact", "altered", "obliterated", "restored", "unmarked", "unknown")
MARK_KINDS: Final = ("manufacture", "import", "export", "proof", "confiscation", "state", "other")
MARK_METHODS: Final = ("visual", "chemical", "magnetic", "xray")
PARTY_KINDS: Final = (
    "individual", "dealer", "manufacturer", "carrier", "police", "military", "government",
    "private_security", "other",
)  # fmt: skip
VISIBILITIES: Final = ("open", "pointer", "silent")
HANDLING_CODES: Final = ("H0", "H1", "H2", "H3")
FIELD_GROUPS: Final = (
    "holder", "likeness", "firearm", "event", "document", "parties", "firms", "persons", "place",
    "remarks", "shipment",
)  # fmt: skip
CONSENT_USES: Final = ("names", "court", "onward", "compelled")
CONSENT_STATUSES: Final = ("asked", "granted", "refused", "revoked", "expired", "notified")
PURPOSES: Final = ("street", "border", "seizure", "licensing", "investigation", "stock")
PURPOSES_WITH_INCIDENT: Final = ("street", "border")

PERMIT_KINDS: Final = ("import", "in_transit", "export")
DOCUMENT_KINDS: Final = ("certificate", "equivalent")
REGIMES: Final = ("permanent", "temporary", "return")
PERMIT_STATUSES: Final = (
    "issued", "suspended", "cancelled", "expired", "exhausted", "replaced", "refused",
)  # fmt: skip
STANDINGS: Final = ("complete", "awaiting_counterpart", "mismatch", "over_quantity")
MODES: Final = ("road", "rail", "sea", "river", "air", "mail")
SHIPMENT_STATUSES: Final = (
    "planned", "released", "in_transit", "arrived", "received", "received_short", "received_over",
    "overdue", "held", "returned", "lost", "cancelled",
)  # fmt: skip
STAGES: Final = ("exit", "transit_in", "transit_out", "entry")
OUTCOMES: Final = ("passed", "held", "refused")
TRANSPORT_DOCUMENTS: Final = ("mic_dta", "crt", "tif", "awb", "bill_of_lading", "other")
INCIDENT_KINDS: Final = (
    "delay", "breakdown", "rerouted", "customs_hold", "seal_broken", "theft", "refused_entry",
)  # fmt: skip
DISCREPANCY_KINDS: Final = (
    "missing_counterpart", "quantity_mismatch", "over_quantity", "short_receipt", "over_receipt",
    "serial_mismatch", "seal_mismatch", "missing_checkpoint", "overdue", "expired_in_transit",
    "permit_cancelled_in_transit", "party_not_authorised", "document_invalid",
    "unauthorised_route",
)  # fmt: skip
DISCREPANCY_STATUSES: Final = ("open", "explained", "agreed", "resolved", "reopened")

ATTACHMENT_KINDS: Final = ("photograph", "document", "laboratory_report")

LICENSEE_ROLES: Final = ("manufacturer", "dealer", "importer", "exporter", "carrier", "broker")
LICENSEE_STATUSES: Final = ("active", "suspended", "revoked", "defunct")
NOTIFICATIONS: Final = (
    "permit_posted", "permit_cancelled", "permit_suspended", "permit_reinstated", "permit_amended",
    "permit_replaced", "permit_expiring",
    "shipment_posted", "shipment_released", "shipment_amended", "shipment_cancelled",
    "shipment_held", "shipment_resumed", "shipment_incident", "shipment_returned",
    "shipment_arrived", "shipment_passed_held", "receipt_asked", "receipt_confirmed", "receipt_corrected",
    "discrepancy_raised", "discrepancy_explained", "discrepancy_agreed", "discrepancy_resolved",
    "discrepancy_reopened", "discrepancy_assigned",
    "match_proposed", "match_reopened", "match_withdrawn",
    "record_corrected", "record_withdrawn", "pointer_withdrawn",
    "consent_asked", "consent_granted", "consent_refused", "consent_revoked", "consent_compelled",
    "request_received", "request_renewed", "request_replied", "request_withdrawn",
    "request_feedback", "request_due", "request_overdue", "request_assigned", "request_unassigned",
    "trace_acknowledged", "trace_answered", "trace_corrected", "trace_no_record", "trace_refused",
    "trace_deferred", "trace_asked", "trace_forwarded", "trace_not_taken", "trace_to_approve",
    "trace_approved", "trace_unsent", "trace_changed", "trace_declined", "trace_assigned",
    "trace_unassigned", "trace_waiting", "trace_unapprovable", "trace_form_to_send",
    "approval_lapsed",
    "alert_expiring", "alert_expired",
    "post_called",
    "hit_made", "hit_confirmed", "hit_denied", "hit_extended", "hit_expired", "hit_overdue",
    "hit_unanswered", "hit_alert_cancelled", "hit_alert_expired", "hit_silent",
    "hit_cause_withdrawn", "hit_cause_corrected", "hit_cause_corrected_away", "hit_reopened",
)  # fmt: skip
NOTIFICATION_KINDS: Final = (
    "alert", "check", "consent", "discrepancy", "hit", "match", "permit", "post",
    "record", "request", "seizure", "shipment", "trace",
)  # fmt: skip
"""What a notification is about."""
URGENT_NOTIFICATIONS: Final = (
    "hit_made", "hit_confirmed", "hit_denied", "hit_extended", "hit_expired", "hit_overdue",
    "hit_unanswered", "hit_alert_cancelled", "hit_alert_expired",
    "hit_cause_withdrawn", "hit_cause_corrected", "hit_cause_corrected_away", "hit_reopened",
    "request_received", "request_renewed", "request_replied", "request_due",
    "request_overdue", "request_assigned", "request_unassigned", "trace_answered", "trace_corrected",
    "trace_no_record", "trace_refused", "trace_deferred", "trace_asked", "trace_forwarded", "trace_not_taken",
    "trace_to_approve", "trace_approved", "trace_unsent", "trace_declined", "trace_assigned",
    "trace_unassigned", "trace_waiting", "trace_unapprovable", "trace_form_to_send",
    "approval_lapsed", "post_called", "shipment_passed_held", "shipment_incident",
)  # fmt: skip
"""What somebody waits for: it stands above the rest."""
GRAVE_NOTIFICATIONS: Final = (
    "shipment_passed_held", "shipment_incident", "hit_made", "hit_overdue", "hit_unanswered",
    "hit_reopened",
)  # fmt: skip
"""What is an alarm: it stands first of all."""
MANY_NOTIFICATIONS: Final = ("match_proposed",)
"""What comes by the hundred: it is told as one line with its number."""
TRACE_APPROVALS: Final = ("none", "own", "alone")
"""Whom a state wants to approve its traces: nobody, a second person of its own, or nobody for want of
persons."""
TRANSFER_KINDS: Final = (
    "manufacture", "registration", "domestic_sale", "private_sale", "inheritance", "loan",
    "state_issue", "state_to_civilian", "deactivation", "destruction",
)  # fmt: skip
EVENTS: Final = (
    "manufacture", "export", "import", "state_issue", "state_to_civilian", "registration",
    "domestic_sale", "private_sale", "inheritance", "loan", "recovery", "surrender", "loss", "theft",
    "deactivation", "destruction", "seized", "found", "surrendered",
)  # fmt: skip
REPORT_KINDS: Final = ("loss", "theft", "recovery", "surrender")
REPORT_STATUSES: Final = ("standing", "withdrawn")
STOLEN_FROM: Final = ("private", "dealer", "state_stock", "evidence_store", "shipment")
SEIZURE_KINDS: Final = ("seized", "found", "surrendered")
SETTINGS: Final = (
    "street", "home", "vehicle", "post", "port", "airport", "parcel", "vessel", "prison", "other",
)  # fmt: skip
LEGAL_GROUNDS: Final = ("possession", "trafficking", "manufacture", "removal_of_marks", "other")
CRIME_CONTEXTS: Final = (
    "drug_trafficking", "money_laundering", "corruption", "arms_trafficking", "gang", "terrorism",
    "kidnapping", "cybercrime", "migrant_smuggling", "trafficking_in_persons",
    "intellectual_property", "homicide", "robbery", "extortion", "other_violent", "none", "unknown",
)  # fmt: skip
LINKS: Final = ("established", "suspected", "no", "unknown")
RELATIONS: Final = ("proceeds", "instrument", "object_of_trafficking")
BASES: Final = ("court", "investigation", "intelligence", "ballistics")
TRANSPORTS: Final = ("land", "sea", "air", "mail", "other")

ALERT_ACTIONS: Final = ("seize", "hold_and_call", "inform_only", "let_pass_and_inform")
ALERT_REASONS: Final = ("stolen", "lost", "evidence", "trafficking", "diverted", "other")
ALERT_STATUSES: Final = ("active", "expired", "cancelled")
SECOND_CHECKS: Final = ("not_needed", "waiting", "done")
HIT_STATUSES: Final = ("open", "confirmed", "denied", "extended", "expired", "ended")
"""`expired` where time went by without an answer, `ended` where its ground was taken away before."""
CAUSE_STATUSES: Final = ("standing", "corrected", "corrected_away", "withdrawn")
"""What became of the record that met an alert; what was `corrected_away` meets it no longer."""
HIT_PRIORITIES: Final = ("urgent", "routine")

MATCH_STATUSES: Final = ("proposed", "confirmed", "rejected")
MATCH_STRENGTHS: Final = ("strong", "moderate")

LEAD_KINDS: Final = (
    "shared_shipment", "shared_permit", "shared_consignee", "shared_dealer", "shared_holder",
    "shared_lot", "consecutive_serials", "straw_purchase", "recirculation", "short_time_to_crime",
)  # fmt: skip

TRACE_STATUSES: Final = (
    "draft", "approved", "sent", "in_progress", "answered", "withdrawn", "closed",
)  # fmt: skip
UNSENT: Final = ("draft", "approved")
"""Statuses of a trace of which nobody was asked yet."""
LEG_STATUSES: Final = (
    "sent", "acknowledged", "clarification", "answered", "partial", "no_record", "refused",
    "deferred", "forwarded", "withdrawn",
)  # fmt: skip
LEG_STATUSES_BY_HAND: Final = ("acknowledged", "answered", "partial", "no_record", "refused")
CHANNELS: Final = ("salsa", "iarms", "etrace", "mla", "post")
OTHER_CHANNELS: Final = CHANNELS[1:]
"""By which a state is asked that takes no part."""
COMPLETENESS: Final = ("full", "restricted")
RESTRICTION_REASONS: Final = ("person_decides",)
"""Why the service restricts an answer of its own; persons say it in words."""
REFUSAL_REASONS: Final = (
    "ongoing_investigation", "confidentiality_law", "confidentiality_not_guaranteed",
    "national_security",
)  # fmt: skip
FAILURE_REASONS_TOLD: Final = ("too_old", "records_lost", "dealer_defunct")
"""Why an asked state knows no more, as it says itself."""
TRACE_OUTCOMES: Final = ("traced", "partly", "not_traced", "pending")
PRIORITIES: Final = ("flash", "urgent", "priority", "routine")
ILLICIT_REASONS: Final = (
    "illegal_where_found", "embargo_breach", "inadequately_marked", "unlicensed_manufacture",
    "unlicensed_transfer", "used_in_crime",
)  # fmt: skip
INTENDED_USES: Final = ("intelligence", "evidence")
