"""Options of form fields, named in the language of the page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import available_timezones

from babel.dates import get_day_names
from flask import g

from api.i18n.messages import translate
from api.web import formatting
from api.web.forms import Field
from salsa_ext.access.audit_actions import SUBJECT_KINDS, Action
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import accounts
from salsa_ext.administration.agencies import STATELESS_KINDS
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.exchange.feed import FEED_KINDS
from salsa_ext.notifications.notice_rules import NOTICE_RULES, NOTIFICATION_KINDS, PERSONAL_KINDS
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference import name_matching, names
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.names import participants
from salsa_ext.trade.permits import licensees
from salsa_ext.trade.permits.licensees import PublishedLicensee

MAX_ROWS = 1000
MAX_FIRMS = 500
Options = list[tuple[str, str]]
Groups = list[tuple[str, Options]]
"""Options under headings."""
CODE_LISTS = {
    "party_kind": codes.PARTY_KINDS,
    "regime": codes.PERMIT_REGIMES,
    "document_kind": codes.PERMIT_DOCUMENT_KINDS,
    "mode": codes.TRANSPORT_MODES,
    "category": codes.CATEGORIES,
    "permit_kind": codes.PERMIT_KINDS,
    "permit_status": codes.PERMIT_STATUSES,
    "shipment_status": codes.SHIPMENT_STATUSES,
    "transfer_kind": codes.TRANSFER_KINDS,
    "marking": codes.MARK_CONDITIONS,
    "trace_approval": codes.TRACE_APPROVAL_MODES,
    "second_person": codes.SECOND_PERSON_ACTS,
    "mark_kind": codes.MARK_KINDS,
    "mark_method": codes.MARK_METHODS,
    "attachment_kind": codes.ATTACHMENT_KINDS,
    "origin_kind": codes.ORIGIN_KINDS,
    "visibility": codes.VISIBILITIES,
    "licensee_role": codes.LICENSEE_ROLES,
    "licensee_status": codes.LICENSEE_STATUSES,
    "import_status": codes.IMPORT_STATUSES,
    "agency_kind": tuple(kind for kind in codes.AGENCY_KINDS if kind not in STATELESS_KINDS),
    "contact_kind": codes.CONTACT_KINDS,
    "register": codes.REGISTERS,
    "register_mode": codes.REGISTER_MODES,
    "permit_standing": codes.COUNTERPART_STATUSES,
    "discrepancy_kind": codes.DISCREPANCY_KINDS,
    "discrepancy_status": codes.DISCREPANCY_STATUSES,
    "incident_kind": codes.INCIDENT_KINDS,
    "checkpoint_stage": codes.CHECKPOINT_STAGES,
    "checkpoint_outcome": codes.CHECKPOINT_OUTCOMES,
    "transport_document": codes.TRANSPORT_DOCUMENTS,
    "purpose": codes.PURPOSES,
    "match_status": codes.MATCH_STATUSES,
    "strength": codes.MATCH_STRENGTHS,
    "judgement": codes.JUDGEMENTS,
    "match_rejection": codes.MATCH_REJECTIONS,
    "match_worth": codes.MATCH_WORTHS,
    "priority": codes.PRIORITIES,
    "request_status": codes.REQUEST_STATUSES,
    "trace_status": codes.TRACE_STATUSES,
    "completeness": codes.ANSWER_COMPLETENESS,
    "handling": codes.HANDLING_CODES,
    "refusal_reason": codes.REFUSAL_REASONS,
    "failure_reason": codes.ANSWER_FAILURE_REASONS,
    "illicit_reason": codes.ILLICIT_REASONS,
    "intended_use": codes.INTENDED_USES,
    "reply_class": codes.REPLY_CLASSES,
    "leg_channel": codes.OTHER_CHANNELS,
    "leg_status": codes.MANUAL_LEG_STATUSES,
    "lead_kind": codes.LEAD_KINDS,
    "consent_use": codes.CONSENT_USES,
    "alert_action": codes.ALERT_ACTIONS,
    "alert_reason": codes.ALERT_REASONS,
    "alert_status": codes.ALERT_STATUSES,
    "second_check": codes.SECOND_CHECK_STATUSES,
    "hit_status": codes.HIT_STATUSES,
    "lookup_status": codes.LOOKUP_STATUSES,
    "subject_request_kind": codes.SUBJECT_REQUEST_KINDS,
    "subject_request_status": codes.SUBJECT_REQUEST_STATUSES,
    "report_kind": codes.REPORT_KINDS,
    "report_status": codes.DOCUMENT_STATUSES,
    "stolen_from": codes.THEFT_SOURCES,
    "owner_kind": codes.OWNER_KINDS,
    "conversation_object": codes.CONVERSATION_OBJECTS,
    "transport": codes.SEIZURE_TRANSPORTS,
    "organized_crime_link": codes.CRIME_LINKS,
    "organized_crime_relation": codes.CRIME_RELATIONS,
    "organized_crime_basis": codes.CRIME_LINK_BASES,
    "disposition_kind": codes.DISPOSITION_KINDS,
    "established_by": codes.ESTABLISHED_BY,
    "diversion_kind": codes.DIVERSION_KINDS,
    "seizure_kind": codes.SEIZURE_KINDS,
    "setting": codes.SEIZURE_SETTINGS,
    "legal_ground": codes.LEGAL_GROUNDS,
    "crime_context": codes.CRIME_CONTEXTS,
}
CONFIRMATIONS: Final[Mapping[str, tuple[Message, Message]]] = {
    "confirm_held": (
        message("I know of it, and it passes all the same"),
        message("The state that holds it is notified."),
    ),
    "confirm_held_since": (
        message("I know that my own side stopped it, and it passes all the same"),
        message("Your side’s hold ends with it."),
    ),
    "confirm_unreleased": (
        message("I know that it was never released, and it enters all the same"),
        message("A discrepancy is opened, which both states see."),
    ),
    "confirm_differs": (
        message("I read it once more, and it passes as it is"),
        message("A discrepancy is opened, which both states see."),
    ),
    "confirm_no_seals": (
        message("I did not read its seals, and it passes all the same"),
        message("The crossing is recorded without seals."),
    ),
    "confirm_incomplete": (
        message("I know what is missing, and it went out all the same"),
        message("ATF may return it for more information."),
    ),
    "confirm_rejected": (
        message("I know that it was declined, and it is sent all the same"),
        message("The trace and its report say so."),
    ),
}
"""Fields that confirm what would be refused else: label and hint."""


@dataclass(frozen=True)
class Suggestions:
    """Suggestions of free fields: makes, calibres in the reader's language, countries."""

    makes: list[str]
    calibres: list[str]
    countries: list[str]


def field_options(field: Field) -> Options | Groups:
    """Return the options of a field for the signed-in user."""
    if isinstance(field.options, tuple):
        named = field.options
        return [(code, text if isinstance(text, str) else translate(text)) for code, text in named]
    return options_for(field.options or "", g.actor)


def options_for(name: str, actor: Actor) -> Options | Groups:
    """Return the options of a list by its name. A closed list, one of SOURCES, or `worker:PERMISSION`."""
    kind, _, permission = name.partition(":")
    if kind == "worker":
        return workers(actor, Permission(permission))
    return SOURCES[name](actor) if name in SOURCES else code_options(name)


def code_options(kind: str) -> Options:
    """Return the options of a closed list in its own order."""
    if kind == "notification_kind":  # named like the object, which is within a sentence
        named = {code: names.label("object", code, g.language) for code in NOTIFICATION_KINDS}
        return sort_by_name({code: formatting.capitalise(name) for code, name in named.items()})
    return [(code, names.label(kind, code, g.language)) for code in CODE_LISTS[kind]]


def states(excluded: str | None = None) -> Groups:
    """Return today's states in two groups: participants, then others."""
    left_out, near = {excluded, *names.former_states()}, participants()
    named = {
        code: name
        for code, name in names.labels("state", g.language).items()
        if code not in left_out
    }
    first, rest = (
        sort_by_name({code: name for code, name in named.items() if (code in near) == is_near})
        for is_near in (True, False)
    )
    taking_part, others = message("Taking part here"), message("Others")
    return [(translate(taking_part), first), (translate(others), rest)]


def countries() -> Groups:
    """Return where a gun may have been made: states, then those that are no more."""
    labels = names.labels("state", g.language)
    former = {code: labels[code] for code in names.former_states()}
    return [*states(), (translate(message("No more")), sort_by_name(former))]


def participating_states(excluded: str | None = None) -> Options:
    """Return the participating states, sorted by name."""
    return states(excluded)[0][1]


def types() -> Groups:
    """Return types of goods grouped by category, firearms first."""
    named = {code: names.label("type", code, g.language) for code in names.type_codes()}
    by_category = {
        category: {
            code: name for code, name in named.items() if names.type_category(code) == category
        }
        for category, _ in code_options("category")
    }
    return [(name, sort_by_name(by_category[code])) for code, name in code_options("category")]


def agencies(actor: Actor) -> Options:
    """Return the agencies of the actor's state, sorted by name."""
    rows = reference_agencies.list_agencies(actor, {"state": actor.state}, MAX_ROWS, None).items
    return sorted(((row.code, row.name) for row in rows), key=lambda option: option[1])


def other_agencies(actor: Actor) -> Options:
    """Return the other agencies of the actor's state, sorted by name."""
    return [(code, name) for code, name in agencies(actor) if code != actor.agency]


def workers(actor: Actor, permission: Permission) -> Options:
    """Return the users of the state with a permission, with their agency."""
    named = dict(agencies(actor))
    return [
        (row.username, f"{row.username}, {named.get(row.agency, row.agency)}")
        for row in accounts.list_eligible(actor, permission)
    ]


def suggestions(actor: Actor) -> Suggestions:
    """Return suggestions for the free fields of goods."""
    makes = reference_queries.list_makes(actor, {}, MAX_ROWS, None).items
    calibres = reference_queries.list_calibres(actor, {}, MAX_ROWS, None).items
    return Suggestions(
        sorted(make.name for make in makes),
        [_own_name(calibre) for calibre in sorted(calibres, key=_rank)],
        sorted(names.labels("state", g.language).values()),
    )


def _rank(calibre: Any) -> tuple[int, str]:
    """Return the order of a calibre: those that a bare number usually means first."""
    usual = names.usual_calibres()
    return usual.index(calibre.row.code) if calibre.row.code in usual else len(usual), calibre.name


def _own_name(calibre: Any) -> str:
    """Return the name in the reader's language, if it is read as the same calibre."""
    name = formatting.calibre_name(calibre.name) or ""
    return name if names.resolve("calibre", name) == calibre.row.code else calibre.name


def firms(actor: Actor) -> list[PublishedLicensee]:
    """Return the firms of registers that the reader may choose as a party."""
    may_read = Permission.LICENSEE_READ in actor.permissions
    return licensees.firms_to_choose(actor, MAX_FIRMS) if may_read else []


def posts(actor: Actor, **filters: Any) -> dict[str, str]:
    """Return names of border posts by code."""
    rows = reference_queries.list_posts(actor, filters, MAX_ROWS, None).items
    return {post.code: _post_name(post) for post in rows}


def _post_name(post: Any) -> str:
    """Return the name of a post; one that is no crossing says what it is."""
    kind = formatting.label("post_kind", post.kind)
    return post.name if post.state_b else f"{post.name}, {kind}"


def own_posts(actor: Actor) -> Options:
    """Return the border posts of the actor's state, sorted by name."""
    return sorted(posts(actor, state=actor.state).items(), key=lambda option: option[1])


def posts_between(actor: Actor, permit: Any) -> Options:
    """Return the border posts between the states of a permit, with their ports and airports."""
    states = {permit.exporting_state, permit.importing_state, *permit.transit_states, None}
    rows = reference_queries.list_posts(actor, {}, MAX_ROWS, None).items
    between = (
        (post.code, _post_name(post)) for post in rows if {post.state_a, post.state_b} <= states
    )
    return sorted(between, key=lambda option: option[1])


SOURCES: Final[Mapping[str, Callable[[Actor], Options | Groups]]] = {
    "agency": agencies,
    "other_agency": other_agencies,
    "own_agency": agencies,
    "own_permission": lambda actor: sort_by_name(
        {code: names.label("permission", code, g.language) for code in actor.permissions}
    ),
    "webhook_kind": lambda actor: sort_by_name(
        {kind: formatting.capitalise(formatting.label("object", kind)) for kind in FEED_KINDS}
    ),
    "own_notification_kind": lambda actor: [
        (kind, name)
        for kind, name in code_options("notification_kind")
        if kind in PERSONAL_KINDS
        or any(rule.kind == kind and actor.role in rule.roles for rule in NOTICE_RULES.values())
    ],
    "time_zone": lambda actor: [
        (zone, zone.replace("_", " "))
        for zone in sorted(available_timezones())
        if zone.startswith(("America/", "Atlantic/", "Pacific/"))
    ],
    "weekday": lambda actor: [
        (str(day + 1), formatting.capitalise(name))
        for day, name in sorted(get_day_names(locale=g.language).items())
    ],
    "audit_action": lambda actor: sort_by_name(
        {str(action): formatting.action_name(action) for action in Action}
    ),
    "audit_object": lambda actor: sort_by_name(
        {kind: formatting.capitalise(formatting.label("object", kind)) for kind in SUBJECT_KINDS}
    ),
    "post": own_posts,
    "state": lambda actor: states(actor.state),
    "any_state": lambda actor: states(),
    "country": lambda actor: countries(),
    "tariff_heading": lambda actor: sorted(names.labels("tariff_heading", g.language).items()),
    "seizure_gap": lambda actor: [
        (code, formatting.label("annual_report_gap", code)) for code in codes.SEIZURE_GAPS
    ],
    "participant": lambda actor: participating_states(),
    "other_participant": lambda actor: participating_states(actor.state),
    "role": lambda actor: [
        (code, formatting.label("role", code))
        for code in codes.ROLES
        if (code == "secretariat") == (actor.state is None)
    ],
    "event": lambda actor: [(code, formatting.event_name(code)) for code in codes.EVENT_KINDS],
}
"""Lists that depend on the reader or have names of their own."""


def sort_by_name(named: dict[str, str]) -> Options:
    """Return options in the order of their names, whatever their accents."""
    return sorted(named.items(), key=lambda option: name_matching.fold_name("state", option[1]))


def first_available(options: Iterable[tuple[str, str]], *preferred: str | None) -> str:
    """Return the first preferred code that is available, else the first."""
    offered = [code for code, _ in options]
    return next((code for code in preferred if code in offered), next(iter(offered), ""))


def confirmation_labels() -> dict[str, str]:
    """Return the labels of confirmations by field."""
    return {name: translate(label) for name, (label, _) in CONFIRMATIONS.items()}
