"""Closed code lists of the public contract, in terms of the treaties."""

from typing import Final

LANGUAGES: Final = ("en", "es", "fr", "pt")

ROLES: Final = tuple(
    "licensing_officer police_officer forensic_examiner trace_analyst border_officer "
    "supervisor state_administrator auditor secretariat display".split()
)
AGENCY_KINDS: Final = tuple(
    "licensing police customs border forensic prosecution specialised_unit secretariat "
    "regional_body".split()
)
CONTACT_KINDS: Final = tuple(
    "national_point_of_contact licensing customs liaison_authority central_authority_mla "
    "forensic_lab border_post duty_24h data_protection".split()
)

CATEGORIES: Final = ("firearm", "destructive_device", "part", "ammunition", "explosive", "other")
ORIGIN_KINDS: Final = tuple(
    "industrial craft privately_made printed converted reactivated unknown".split()
)
MARK_CONDITIONS: Final = ("intact", "altered", "obliterated", "restored", "unmarked", "unknown")
MARK_KINDS: Final = tuple("manufacture import export proof confiscation state lot other".split())
MARK_METHODS: Final = ("visual", "chemical", "magnetic", "xray")
PARTY_KINDS: Final = tuple(
    "individual dealer manufacturer carrier police military government private_security other".split()
)
OWNER_KINDS: Final = tuple(
    "police armed_forces private_security private dealer_stock unknown".split()
)
"""Whose a seized gun was."""
SERVICE_OWNERS: Final = OWNER_KINDS[:3]
"""Owners whose service guns are handed in, as after each shooting."""
DOCUMENT_KINDS: Final = ("seizure", "report", "transfer", "shipment", "receipt", "alert")
"""Kinds of document that a record is of."""
VISIBILITIES: Final = ("open", "pointer", "silent")
HANDLING_CODES: Final = ("H0", "H1", "H2", "H3")
FIELD_GROUPS: Final = tuple(
    "holder likeness firearm event document parties firms persons place remarks shipment".split()
)
CONSENT_USES: Final = ("names", "court", "onward", "compelled")
CONSENT_STATUSES: Final = ("asked", "granted", "refused", "revoked", "expired", "notified")
SUBJECT_REQUEST_KINDS: Final = ("access", "rectification", "erasure", "objection")
SUBJECT_REQUEST_STATUSES: Final = ("open", "answered", "refused")
ERASURE_OBSTACLES: Final = ("in_force", "legal_hold", "open_case")
HELD_DOCUMENT_KINDS: Final = ("licensee", "permit", "report", "seizure", "shipment", "transfer")
PURPOSES: Final = ("street", "border", "seizure", "licensing", "investigation", "stock")
WEBHOOK_STATUSES: Final = ("active", "disabled", "removed")
RELEASE_STATUSES: Final = ("previewing", "ready", "preparing", "published", "failed")
ANNUAL_REPORT_STATUSES: Final = ("draft", "signed")
QUESTIONNAIRES: Final = ("arms_flows", "programme_of_action")
"""International questionnaires by whose categories tables are counted."""
ANNUAL_REPORT_GAPS: Final = tuple(
    "registers_undeclared registers_empty months_without class_unknown marking_unknown "
    "ground_unknown context_unknown manufacture_unknown origin_open traces_pending "
    "requests_waiting discrepancies_open words_missing numbers_missing".split()
)
"""What may be missing in a state's annual report."""
SEIZURE_GAPS: Final = (*ANNUAL_REPORT_GAPS[3:8], "mark_unread")
"""Those of seizures and their guns, and marks that an examiner may restore."""
DELIVERY_STATUSES: Final = ("waiting", "delivered", "failed")
LOOKUP_STATUSES: Final = ("open", "justified", "questioned")
PURPOSES_WITH_INCIDENT: Final = ("street", "border")

PERMIT_KINDS: Final = ("import", "in_transit", "export")
PERMIT_DOCUMENT_KINDS: Final = ("certificate", "equivalent")
PERMIT_REGIMES: Final = ("permanent", "temporary", "return")
PERMIT_STATUSES: Final = tuple(
    "issued suspended cancelled expired exhausted replaced refused proposed returned".split()
)
UNISSUED_STATUSES: Final = ("proposed", "returned")
"""Statuses of a permit that waits for a second person, or that one returned; for its state alone."""
COUNTERPART_STATUSES: Final = ("complete", "awaiting_counterpart", "mismatch", "over_quantity")
TRANSPORT_MODES: Final = ("road", "rail", "sea", "river", "air", "mail")
SHIPMENT_STATUSES: Final = tuple(
    "planned released in_transit arrived received received_short received_over overdue held "
    "returned lost cancelled".split()
)
CHECKPOINT_STAGES: Final = ("exit", "transit_in", "transit_out", "entry")
CHECKPOINT_OUTCOMES: Final = ("passed", "held", "refused")
TRANSPORT_DOCUMENTS: Final = ("mic_dta", "crt", "tif", "awb", "bill_of_lading", "other")
INCIDENT_KINDS: Final = tuple(
    "delay breakdown rerouted customs_hold seal_broken theft refused_entry".split()
)
DISCREPANCY_KINDS: Final = tuple(
    "missing_counterpart quantity_mismatch over_quantity short_receipt over_receipt "
    "serial_mismatch seal_mismatch missing_checkpoint overdue expired_in_transit "
    "permit_cancelled_in_transit party_not_authorised document_invalid unauthorised_route".split()
)
DISCREPANCY_STATUSES: Final = ("open", "explained", "agreed", "resolved", "reopened")

ATTACHMENT_KINDS: Final = ("photograph", "document", "laboratory_report")

REGISTERS: Final = tuple(
    "manufacture import export permits sale_holding seizures lost_stolen destroyed".split()
)
"""Registers of a state, with which it takes part."""
REGISTER_MODES: Final = ("service", "person")
"""Who answers from a register."""
LICENSEE_ROLES: Final = ("manufacturer", "dealer", "importer", "exporter", "carrier", "broker")
LICENSEE_STATUSES: Final = ("active", "suspended", "revoked", "defunct")
TRACE_APPROVAL_MODES: Final = ("none", "own", "alone")
"""Approver of a state's traces before sending.

`none`: not required; `own`: a second person of the state; `alone`: nobody, for lack of staff.
"""
SECOND_PERSON_ACTS: Final = ("annual_report", "permit")
"""Acts for which a state may require a second person: to sign its report, to issue a permit."""
TRANSFER_KINDS: Final = tuple(
    "manufacture export import registration domestic_sale private_sale inheritance loan state_issue "
    "state_to_civilian deactivation destruction".split()
)
EVENT_KINDS: Final = tuple(
    "manufacture export consignment import state_issue state_to_civilian registration domestic_sale "
    "private_sale inheritance loan recovery surrender loss theft deactivation destruction "
    "seized found surrendered".split()
)
REPORT_KINDS: Final = ("loss", "theft", "recovery", "surrender")
DOCUMENT_STATUSES: Final = ("standing", "withdrawn")
IMPORT_STATUSES: Final = tuple("draft judging judged loading loaded failed undoing undone".split())
THEFT_SOURCES: Final = ("private", "dealer", "state_stock", "evidence_store", "shipment")
SEIZURE_KINDS: Final = ("seized", "found", "surrendered")
SEIZURE_SETTINGS: Final = tuple(
    "street home vehicle post port airport parcel vessel prison other".split()
)
LEGAL_GROUNDS: Final = ("possession", "trafficking", "manufacture", "removal_of_marks", "other")
CRIME_CONTEXTS: Final = tuple(
    "drug_trafficking money_laundering corruption arms_trafficking gang terrorism kidnapping "
    "cybercrime migrant_smuggling trafficking_in_persons intellectual_property homicide "
    "robbery extortion other_violent none unknown".split()
)
CRIME_CONTEXT_GROUPS: Final = {
    "drug_trafficking": ("drug_trafficking",),
    "violent_crime": ("homicide", "robbery", "kidnapping", "extortion", "other_violent"),
    "organized_crime": ("gang", "money_laundering", "corruption"),
    "terrorism": ("terrorism",),
    "other_trafficking": ("arms_trafficking", "migrant_smuggling", "trafficking_in_persons"),
    "other_crime": ("cybercrime", "intellectual_property"),
    "none": ("none",),
    "unknown": ("unknown",),
}
"""Crime contexts by the categories of the Illicit Arms Flows Questionnaire."""
GROUP_BY_CONTEXT: Final = {
    context: group for group, contexts in CRIME_CONTEXT_GROUPS.items() for context in contexts
}
CRIME_LINKS: Final = ("established", "suspected", "no", "unknown")
CRIME_RELATIONS: Final = ("proceeds", "instrument", "object_of_trafficking")
CRIME_LINK_BASES: Final = ("court", "investigation", "intelligence", "ballistics")
SEIZURE_TRANSPORTS: Final = ("land", "sea", "air", "mail", "other")
CUSTODY_FINDINGS: Final = ("gap", "overlap", "after_end")
DISPOSITION_KINDS: Final = tuple(
    "evidence forfeited transferred_to_agency retained returned deactivated destroyed "
    "lost_from_custody".split()
)
ESTABLISHED_BY: Final = ("trace", "intelligence", "court", "other_authority")
DIVERSION_KINDS: Final = tuple(
    "never_arrived short_receipt theft_private theft_dealer theft_state_stock "
    "theft_evidence_store straw_purchase false_documents unreturned_temporary "
    "official_complicity unknown".split()
)

CONVERSATION_OBJECTS: Final = tuple(
    "trace request consent permit shipment discrepancy seizure record hit".split()
)
"""What a conversation may be about, by its number."""

ALERT_ACTIONS: Final = ("seize", "hold_and_call", "inform_only", "let_pass_and_inform")
ALERT_REASONS: Final = ("stolen", "lost", "evidence", "trafficking", "diverted", "other")
ALERT_STATUSES: Final = ("active", "expired", "cancelled")
SECOND_CHECK_STATUSES: Final = ("not_needed", "waiting", "done")
HIT_STATUSES: Final = ("open", "confirmed", "denied", "extended", "expired", "ended")
"""`expired`: not answered in time; `ended`: cause or alert withdrawn before an answer."""
CAUSE_STATUSES: Final = ("standing", "corrected", "corrected_away", "withdrawn")
"""Current status of the record behind a hit; `corrected_away` no longer meets the alert."""
HIT_PRIORITIES: Final = ("urgent", "routine")

MATCH_STATUSES: Final = ("proposed", "confirmed", "rejected")
MATCH_REJECTIONS: Final = ("other_gun", "neighbour", "common_mark", "misread", "other")
MATCH_STRENGTHS: Final = ("strong", "moderate")
MATCH_WORTHS: Final = ("contradiction", "missing", "crimes", "crime", "pointer", "trade")
"""Why a match is worth a look, the most first.

A destroyed gun that was found; a missing gun that was found; two acts of crime; one with trade; an
event that the other state does not disclose; trade alone.
"""

LEAD_KINDS: Final = tuple(
    "shared_shipment shared_permit shared_consignee shared_dealer shared_holder shared_lot "
    "consecutive_serials straw_purchase recirculation short_time_to_crime".split()
)

TRACE_STATUSES: Final = tuple("draft approved sent in_progress completed withdrawn closed".split())
UNSENT: Final = ("draft", "approved")
"""Statuses of a trace of which nobody was asked yet."""
REQUEST_STATUSES: Final = tuple(
    "sent acknowledged clarification answered partial no_record refused deferred forwarded "
    "withdrawn".split()
)
LEG_STATUSES: Final = (*REQUEST_STATUSES, "not_participating")
"""`not_participating`: the state does not participate and was not asked by another channel yet."""
MANUAL_LEG_STATUSES: Final = ("acknowledged", "answered", "partial", "no_record", "refused")
CHANNELS: Final = tuple("service etrace iarms diplomatic mla telephone mail".split())
OTHER_CHANNELS: Final = CHANNELS[1:]
"""Channels outside the service; `etrace` is of the United States alone."""
REPLY_CLASSES: Final = tuple(
    "purchaser_identified dealer_out_of_business too_old returned_for_information foreign_country "
    "law_enforcement_stock".split()
)
"""Classes of the replies of tracing centers."""
ANSWER_COMPLETENESS: Final = ("full", "restricted")
REFUSAL_REASONS: Final = tuple(
    "ongoing_investigation confidentiality_law confidentiality_not_guaranteed "
    "national_security".split()
)
ANSWER_FAILURE_REASONS: Final = ("too_old", "records_lost", "dealer_defunct")
"""Reasons given by a requested state for missing information."""
TRACE_OUTCOMES: Final = (
    *("traced", "partly", "possible_only", "no_record", "not_searched", "pending"),
)
"""`no_record` only where each state was searched or answered; `possible_only` where records may be
of the gun, and none certainly is."""
JUDGEMENTS: Final = ("this_gun", "not_this_gun", "cannot_tell")
"""What a person who compared a record with a gun decided."""
PRIORITIES: Final = ("flash", "urgent", "priority", "routine")
ILLICIT_REASONS: Final = tuple(
    "illegal_where_found embargo_breach inadequately_marked unlicensed_manufacture "
    "unlicensed_transfer used_in_crime".split()
)
INTENDED_USES: Final = ("intelligence", "evidence")
TASK_KINDS: Final = tuple(
    "request hit approval proposal receipt discrepancy permit alert consent match trace lookup "
    "account".split()
)
"""What waits for a person, in the order in which it is shown."""
