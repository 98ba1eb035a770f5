"""Legs of a trace: whom to ask and why, and what each answered at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import select, update

from salsa_ext.db import db, insert_many
from salsa_ext.errors import Invalid, Message, say
from salsa_ext.matching import chains
from salsa_ext.matching.events import ALERT
from salsa_ext.models import State, Trace, TraceLeg
from salsa_ext.readmodels import serials, traces
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Coverage, coverage
from salsa_ext.readmodels.search import likeliest, search
from salsa_ext.services import answers, owner_waits
from salsa_ext.services.checks import tell_owners
from salsa_ext.services.matches import settled
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Mark
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import Query

Reasons = dict[str, list[Message]]
AT_ONCE: Final = ("sent", "answered", "no_record")
"""Statuses of legs that the service gives by itself."""
RENEWED: Final = ("status", "why", "events", "records_through", "asked_at", "answered_at")


def ask_all(actor: Actor, trace: Trace) -> list[dict[str, Any]]:
    """Ask every state that may know, and keep how far the records reached; returns the legs' rows.

    The own records first, then states whose records match, the import marks, the country of
    manufacture, and each state that an answer points to. `silent` records make no leg.
    """
    rows = _asked(actor, trace)
    insert_many(TraceLeg, rows)
    return rows


def ask_again(actor: Actor, trace: Trace) -> tuple[str, list[str]]:
    """Ask anew with the trace's description as it now is.

    What the service said for a state at once is said anew, and what no longer follows is taken back;
    what a person said stays. Returns the status that follows from all legs, and the other states
    that were asked.
    """
    rows = {row["state"]: row for row in _asked(actor, trace)}
    standing = {leg.state: leg for leg in
                db.session.scalars(select(TraceLeg).where(TraceLeg.trace_id == trace.id))}  # fmt: skip
    insert_many(TraceLeg, [row for state, row in rows.items() if state not in standing])
    renewed = [state for state, leg in standing.items() if leg.status in AT_ONCE]
    for state in renewed:
        _renew(standing[state], rows.get(state))
    db.session.flush()
    own = actor.own_state()
    asked = [state for state in rows if state not in standing or state in renewed]
    legs = [{"state": leg.state, "status": leg.status} for leg in standing.values()]
    status = status_of([*legs, *(row for state, row in rows.items() if state not in standing)], own)
    return status, sorted({*asked} - {own})


def _renew(leg: TraceLeg, row: Mapping[str, Any] | None) -> None:
    """Let a leg say what follows now; an answer by a reading that no longer stands is taken back."""
    if row is not None:
        for name in RENEWED:
            setattr(leg, name, row[name])
    elif leg.status == "answered":
        leg.status, leg.events = "no_record", []


def _asked(actor: Actor, trace: Trace) -> list[dict[str, Any]]:
    """Search, tell the owners of what was hit, and return the rows of the legs that follow.

    Owners of `silent` records are told later, as of a check: nothing is looked for in them here.
    """
    found = candidates(actor, trace, silent=False)
    tell_owners(actor, "trace", trace.id, found)
    owner_waits.add(actor, "trace", trace.id)
    by_state: dict[str, list[Candidate]] = defaultdict(list)
    for hit in likeliest(found):
        by_state[hit.held.state].append(hit)
    why = _routes(actor, trace.firearm, by_state)
    covered = coverage()
    trace.searched = [row._asdict() | {"through": row.through.isoformat()} for row in covered]
    reach = _reach(covered)
    rows = [_ask(actor, trace, state, why[state], by_state[state], reach) for state in why]
    pointed = _pointed_to(rows)
    rows += [_ask(actor, trace, state, pointed[state], [], reach) for state in pointed]
    return rows


def status_of(rows: Sequence[Mapping[str, Any]], own: str) -> str:
    """Return the status of a trace from its legs: sent, in_progress or answered."""
    others = [row["status"] for row in rows if row["state"] != own]
    waiting = [status for status in others if status in chains.WAITING]
    if not waiting:
        return "answered"
    return "sent" if len(waiting) == len(others) else "in_progress"


def outcome(trace: Trace) -> str:
    """Return the outcome that the legs give so far."""
    rows = db.session.scalars(select(TraceLeg).where(TraceLeg.trace_id == trace.id))
    said = [traces.as_said(row) for row in rows]
    return chains.build(said, trace.found_on, trace.owner_state, trace.firearm).outcome


def withdraw(trace: Trace) -> None:
    """Withdraw the legs that still wait."""
    waiting = (TraceLeg.trace_id == trace.id) & TraceLeg.status.in_(chains.WAITING)
    db.session.execute(update(TraceLeg).where(waiting).values(status="withdrawn"))


def candidates(actor: Actor, trace: Trace, *, silent: bool | None = None) -> list[Candidate]:
    """Return what the records of all states hold; by another mark where no serial can be read.

    But for the seized item itself: it agrees in all that is asked, and would settle the search.
    `silent` is that of `search`.
    """
    query, own = as_query(trace.firearm), [trace.record_id] if trace.record_id else []
    try:
        found = search(query, actor, settles=False, silent=silent, stands=True, own=own)
    except Invalid:  # no mark, or too short to search alone; the other routes are still asked
        return []
    is_read = bool(serials.of_asked(query))
    hits = [hit for hit in found if hit.evidence.is_by_serial or not is_read]
    return settled(hits, is_seized=True)  # what is traced was found, be it recorded or not


def as_query(firearm: Mapping[str, Any]) -> Query:
    """Return the search for a gun as a trace describes it, by every mark that it bears."""
    return Query(
        serial=firearm["serial"] or "", make=firearm["make_text"], model=firearm["model"],
        calibre=firearm["calibre_text"], type=firearm["type_text"],
        country=firearm["country_of_manufacture"], year=firearm["year"],
        marks=tuple(Mark(mark["kind"], mark["text"]) for mark in firearm["marks"]),
        marking=firearm["marking"],
    )  # fmt: skip


def _routes(
    actor: Actor, firearm: Mapping[str, Any], by_state: Mapping[str, list[Candidate]]
) -> Reasons:
    """Return the states to ask, in order, each with the reasons."""
    why: Reasons = {actor.own_state(): [say("Your own state's records are asked first.")]}
    for state in sorted(by_state):
        why.setdefault(state, []).append(say("Its records have a mark like this one."))
    for mark in firearm.get("marks", ()):
        if mark.get("state") and mark["kind"] == "import":
            why.setdefault(mark["state"], []).append(
                say("The import mark names {state}.", state=mark["state"]))  # fmt: skip
    if country := firearm.get("country_of_manufacture"):
        why.setdefault(country, []).append(say("The gun was made there."))
    return why


def _ask(
    actor: Actor, trace: Trace, state: str, why: Sequence[Message],
    candidates: Sequence[Candidate], reach: Mapping[str, date | None],
) -> dict[str, Any]:  # fmt: skip
    told = [hit for hit in candidates if hit.is_open and hit.held.event != ALERT]
    events = answers.answer(actor, state, told) if told else []
    takes_part, now = state in reach, actor.now()
    status = "answered" if events else "sent" if candidates or not takes_part else "no_record"
    return {
        "trace_id": trace.id, "id": new_id(),
        "owner_state": trace.owner_state, "concerned": [trace.owner_state],
        "state": state, "channel": "salsa" if takes_part else "iarms", "status": status,
        "why": [{"text": reason.text, "params": dict(reason.params)} for reason in why],
        "events": events, "records_through": reach.get(state),
        "asked_at": now, "answered_at": None if status == "sent" else now,
    }  # fmt: skip


def _reach(covered: Sequence[Coverage]) -> dict[str, date | None]:
    """Return the participating states, each with the day through which its records reach."""
    states = db.session.scalars(select(State.code).where(State.is_participant))
    through = {row.state: row.through for row in covered}
    return {state: through.get(state) for state in states}


def _pointed_to(rows: Sequence[Mapping[str, Any]]) -> Reasons:
    """Return the states that answers name and that were not asked yet."""
    asked, pointed = {row["state"] for row in rows}, Reasons()
    for row in rows:
        for event in row["events"]:
            partner = event["counterpart_state"]
            if partner and partner not in asked:
                pointed.setdefault(partner, []).append(
                    say("The answer of {state} points to this state.", state=row["state"]))  # fmt: skip
    return pointed
