"""Which agencies are kept from a trace or a request: an office may be infiltrated.

The database enforces it by the row: what an agency must not see is a setting of its session.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select

from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, say
from salsa_ext.models import Agency, Hiding
from salsa_ext.readmodels.requests import hidden_from
from salsa_ext.readmodels.states import participants
from salsa_ext.services.fields import Problems
from salsa_ext.values.actor import Actor


def check(actor: Actor, agencies: Sequence[str]) -> None:
    """Raise Invalid where an agency is not known, or is the actor's, or where a state is left with none."""
    problems = Problems()
    note(problems, actor, agencies)
    problems.raise_any()


def check_own(actor: Actor, agencies: Sequence[str], beside: Collection[str]) -> None:
    """Raise the same, and for agencies of other states; `beside` are those that are kept from it already."""
    problems, own, states = Problems(), actor.own_state(), states_of(agencies)
    for at, agency in enumerate(agencies):
        state = states.get(agency)
        if state is not None and state != own:
            said = say("{agency} is an agency of {state}: that state says itself which of its agencies must not"
                       " see it. Name agencies of your own state.", agency=agency,
                       state=Coded("state", state))  # fmt: skip
            problems.add(f"hidden_from.{at}", said)
    note(problems, actor, agencies, beside)
    problems.raise_any()


def note(
    problems: Problems, actor: Actor, agencies: Sequence[str], beside: Collection[str] = ()
) -> None:
    """Note what `check` raises among what else is wrong."""
    states = states_of(agencies)
    for at, agency in enumerate(agencies):
        path = f"hidden_from.{at}"
        if agency == actor.agency:
            problems.add(path, say("You would not see it yourself: this is your own agency."))
        elif states.get(agency) not in participants():
            problems.add(path, say("There is no agency {code}.", code=agency))
    for state in _left_with_none({*agencies, *beside}, {*states.values()}):
        problems.add("hidden_from", say("Leave an agency of {state} that sees it.", state=state))


def _left_with_none(agencies: Collection[str], states: Collection[str | None]) -> list[str]:
    """Return the states of which every agency is named: nobody there could act on it."""
    if not agencies:
        return []
    left = select(Agency.owner_state).where(
        Agency.owner_state.in_(states), Agency.code.not_in(agencies)
    )
    return sorted({*filter(None, states)} - {*db.session.scalars(left)})


def put(
    actor: Actor, kind: str, subjects: Collection[UUID], agencies: Collection[str], *,
    is_own: bool = False, named_by: str | None = None,
) -> None:  # fmt: skip
    """Keep subjects of the actor's state from these agencies, and from no others any more.

    So says whoever asks, `named_by` where that is another state. An asked state that says it beside,
    `is_own`, has a list of its own: each leaves those of the others as they are.
    """
    by = named_by or actor.own_state()
    mine = (Hiding.owner_state == actor.own_state(), Hiding.subject_id.in_(subjects),
            Hiding.is_own == is_own, Hiding.named_by == by)  # fmt: skip
    db.session.execute(delete(Hiding).where(*mine))
    begin(actor, kind, subjects, agencies, is_own=is_own, named_by=by)


def begin(
    actor: Actor, kind: str, subjects: Collection[UUID], agencies: Collection[str], *,
    is_own: bool = False, named_by: str | None = None,
) -> None:  # fmt: skip
    """Keep new subjects of the actor's state, which were kept from nobody, from these agencies."""
    own = actor.own_state()
    insert_many(Hiding, [
        {"agency": agency, "subject_id": subject, "owner_state": own, "subject_kind": kind,
         "hidden_at": actor.now(), "is_own": is_own, "named_by": named_by or own}
        for subject in subjects for agency in sorted({*agencies})
    ])  # fmt: skip


def of(subject_id: UUID) -> list[str]:
    """Return the agencies that are kept from a subject of the own state."""
    return hidden_from([subject_id])[subject_id]


def named(subject_id: UUID) -> list[str]:
    """Return those of them that the asking state named."""
    return _set_by(subject_id, is_own=False)


def own(subject_id: UUID) -> list[str]:
    """Return those of them that the asked state set itself."""
    return _set_by(subject_id, is_own=True)


def _set_by(subject_id: UUID, *, is_own: bool) -> list[str]:
    set_so = select(Hiding.agency).where(
        Hiding.subject_id == subject_id, Hiding.is_own.is_(is_own)
    )  # fmt: skip
    return sorted(db.session.scalars(set_so))


def by_state(agencies: Collection[str], state: str) -> list[str]:
    """Return those of the agencies that are of a state."""
    return sorted(code for code, owner in states_of(agencies).items() if owner == state)


def states_of(agencies: Collection[str]) -> dict[str, str | None]:
    """Return the state of each agency that is known."""
    if not agencies:
        return {}
    rows = select(Agency.code, Agency.owner_state).where(Agency.code.in_(agencies))
    return {row.code: row.owner_state for row in db.session.execute(rows)}
