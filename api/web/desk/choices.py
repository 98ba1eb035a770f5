"""What the fields of the desk offer: codes with their names in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import g

from api.i18n import translate
from api.web import shown
from salsa_ext.errors import Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import accounts, contacts, names, reference
from salsa_ext.readmodels.states import participants
from salsa_ext.values import codes
from salsa_ext.values.actor import Actor

ALL = 1000
Options = list[tuple[str, str]]
LISTS = {
    "party_kind": codes.PARTY_KINDS,
    "regime": codes.REGIMES,
    "document_kind": codes.DOCUMENT_KINDS,
    "mode": codes.MODES,
    "category": codes.CATEGORIES,
    "permit_kind": codes.PERMIT_KINDS,
    "permit_status": codes.PERMIT_STATUSES,
    "shipment_status": codes.SHIPMENT_STATUSES,
    "transfer_kind": codes.TRANSFER_KINDS,
    "marking": codes.MARKINGS,
    "origin_kind": codes.ORIGIN_KINDS,
    "visibility": codes.VISIBILITIES,
    "permit_standing": codes.STANDINGS,
    "discrepancy_kind": codes.DISCREPANCY_KINDS,
    "discrepancy_status": codes.DISCREPANCY_STATUSES,
    "incident_kind": codes.INCIDENT_KINDS,
    "checkpoint_stage": codes.STAGES,
    "checkpoint_outcome": codes.OUTCOMES,
    "transport_document": codes.TRANSPORT_DOCUMENTS,
    "purpose": codes.PURPOSES,
    "match_status": codes.MATCH_STATUSES,
    "strength": codes.MATCH_STRENGTHS,
    "priority": codes.PRIORITIES,
    "request_status": codes.LEG_STATUSES,
    "trace_status": codes.TRACE_STATUSES,
    "completeness": codes.COMPLETENESS,
    "handling": codes.HANDLING_CODES,
    "refusal_reason": codes.REFUSAL_REASONS,
    "failure_reason": codes.FAILURE_REASONS_TOLD,
    "illicit_reason": codes.ILLICIT_REASONS,
    "intended_use": codes.INTENDED_USES,
    "leg_channel": codes.OTHER_CHANNELS,
    "leg_status": codes.LEG_STATUSES_BY_HAND,
    "lead_kind": codes.LEAD_KINDS,
    "consent_use": codes.CONSENT_USES,
    "alert_action": codes.ALERT_ACTIONS,
    "alert_reason": codes.ALERT_REASONS,
    "alert_status": codes.ALERT_STATUSES,
    "second_check": codes.SECOND_CHECKS,
    "hit_status": codes.HIT_STATUSES,
    "report_kind": codes.REPORT_KINDS,
    "report_status": codes.REPORT_STATUSES,
    "stolen_from": codes.STOLEN_FROM,
    "seizure_kind": codes.SEIZURE_KINDS,
    "setting": codes.SETTINGS,
    "legal_ground": codes.LEGAL_GROUNDS,
    "crime_context": codes.CRIME_CONTEXTS,
}
CONFIRMED: Final[Mapping[str, tuple[Message, Message]]] = {
    "confirm_held": (
        say("I know of it, and it passes all the same"), say("The state that holds it is told."),
    ),
    "confirm_held_since": (
        say("I know that my own side stopped it, and it passes all the same"),
        say("What your side held ends with it."),
    ),
    "confirm_unreleased": (
        say("I know that it was never released, and it enters all the same"),
        say("A discrepancy is opened, which both states see."),
    ),
    "confirm_differs": (
        say("I read it once more, and it passes as it is"),
        say("A discrepancy is opened, which both states see."),
    ),
    "confirm_declined": (
        say("I know that it was declined, and it is sent all the same"),
        say("The trace and its report say so."),
    ),
}  # fmt: skip
"""What a passing, or a sending, may have to be confirmed against, by its field: its label and a hint."""
NAMED_AS = {"notification_kind": ("object", codes.NOTIFICATION_KINDS)}
"""Lists whose codes have the names of another kind, which stand within a sentence there."""


@dataclass(frozen=True)
class Suggestions:
    """What free fields suggest: names of makes, calibres and countries."""

    makes: list[str]
    calibres: list[str]
    countries: list[str]


def listed(kind: str) -> Options:
    """Return a closed list in its own order."""
    if kind in NAMED_AS:
        named, known = NAMED_AS[kind]
        return _by_name(
            {code: shown.capital(names.label(named, code, g.language)) for code in known}
        )
    return [(code, names.label(kind, code, g.language)) for code in LISTS[kind]]


def offered(name: str, actor: Actor) -> Options:
    """Return what a field offers: a closed list, the own agencies or posts, states, events."""
    own = {"agency": agencies, "other_agency": other_agencies, "post": own_posts,
           "state": other_states, "event": events, "helped": helped}  # fmt: skip
    kind, _, rest = name.partition(":")
    if kind == "worker":
        return workers(actor, Permission(rest))
    return own[name](actor) if name in own else listed(name)


def states(besides: str | None = None) -> list[tuple[str, Options]]:
    """Return the states that take part, then the others of today, each group by name."""
    left_out = {besides, *names.ended_states()}
    named = {code: name for code, name in names.labels("state", g.language).items()
             if code not in left_out}  # fmt: skip
    near = participants()
    groups = (
        [code for code in named if code in near],
        [code for code in named if code not in near],
    )
    first, rest = (_by_name({code: named[code] for code in group}) for group in groups)
    return [("near", first), ("far", rest)]


def other_states(actor: Actor) -> Options:
    """Return the states beside the own one, those that take part first."""
    return [option for _, group in states(besides=actor.state) for option in group]


def helped(actor: Actor) -> Options:
    """Return the two things that can be said of an answer."""
    return [("true", shown.sentence("It helped")), ("false", shown.sentence("It did not help"))]


def events(actor: Actor) -> Options:
    """Return what can befall a gun, in the order of its life."""
    return [(code, shown.event_name(code)) for code in codes.EVENTS]


def types() -> list[tuple[str, Options]]:
    """Return the types of goods in groups, those of firearms first."""
    named = {code: names.label("type", code, g.language) for code in names.types()}
    return [
        (heading, _by_name({code: named[code] for code in named if names.category(code) == group}))
        for group, heading in listed("category")
    ]


def agencies(actor: Actor) -> Options:
    """Return the agencies of the actor's state, by their names."""
    found = contacts.list_agencies(actor, {"state": actor.state}, ALL, None).items
    return sorted(((row.code, row.name) for row in found), key=lambda option: option[1])


def workers(actor: Actor, permission: Permission) -> Options:
    """Return the user names of the actor's state to whom work can be assigned, with their agencies."""
    named = dict(agencies(actor))
    return [(row.username, f"{row.username}, {named.get(row.agency, row.agency)}")
            for row in accounts.working(actor, permission)]  # fmt: skip


def other_agencies(actor: Actor) -> Options:
    """Return the agencies of the actor's state beside his own, by their names."""
    return [(code, name) for code, name in agencies(actor) if code != actor.agency]


def suggestions(actor: Actor) -> Suggestions:
    """Return what the free fields of goods suggest."""
    return Suggestions(
        sorted(make.name for make in reference.list_makes(actor, {}, ALL, None).items),
        sorted(calibre.name for calibre in reference.list_calibres(actor, {}, ALL, None).items),
        sorted(names.labels("state", g.language).values()),
    )


def own_posts(actor: Actor) -> Options:
    """Return the border posts of the actor's state, by their names."""
    found = reference.list_posts(actor, {"state": actor.state}, ALL, None).items
    return sorted(((post.code, post.name) for post in found), key=lambda option: option[1])


def posts_between(actor: Actor, permit: Any) -> Options:
    """Return the border posts where a permit's movement may pass, by their names."""
    states = {permit.exporting_state, permit.importing_state, *permit.transit_states}
    found = reference.list_posts(actor, {}, ALL, None).items
    return sorted(
        ((post.code, post.name) for post in found if {post.state_a, post.state_b} <= states),
        key=lambda option: option[1],
    )


def posts(actor: Actor) -> dict[str, str]:
    """Return the names of border posts by their codes."""
    return {post.code: post.name for post in reference.list_posts(actor, {}, ALL, None).items}


def _by_name(named: dict[str, str]) -> Options:
    return sorted(named.items(), key=lambda option: _sortable(option[1]))


def _sortable(name: str) -> str:
    return names.fold("state", name)


def first(options: Iterable[tuple[str, str]], *wanted: str | None) -> str:
    """Return the first of the wanted codes that is offered, else the first that is."""
    offered = [code for code, _ in options]
    return next((code for code in wanted if code in offered), next(iter(offered), ""))


def called() -> dict[str, str]:
    """Return what the confirmations of a passing are called on the page, by their fields."""
    return {name: translate(label) for name, (label, _) in CONFIRMED.items()}
