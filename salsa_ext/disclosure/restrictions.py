"""Agencies, perhaps infiltrated, restricted from a subject; row-level security enforces it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db, execute_raw
from salsa_ext.disclosure.models import TraceRestriction
from salsa_ext.reference.models import Agency
from salsa_ext.reference.names import participants


def check_restrictions(actor: Actor, agencies: Sequence[str]) -> None:
    """Raise Invalid for an unknown agency, the actor's own, or a state left with none."""
    problems = Problems()
    validate_into(problems, actor, agencies)
    problems.raise_any()


def check_own_restrictions(
    actor: Actor, agencies: Sequence[str], already_restricted: Collection[str]
) -> None:
    """Check the asked state's own list, besides `already_restricted`; raises Invalid."""
    problems, own = Problems(), actor.own_state()
    for at, (agency, state) in enumerate(_with_states(agencies)):
        if state is not None and state != own:
            problem = message(
                "{agency} is an agency of {state}: that state says itself which of its agencies must not"
                " see it. Name agencies of your own state.",
                agency=agency,
                state=CodeLabel("state", state),
            )
            problems.add(f"hidden_from.{at}", problem)
    validate_into(problems, actor, agencies, already_restricted)
    problems.raise_any()


def validate_into(
    problems: Problems,
    actor: Actor,
    agencies: Sequence[str],
    already_restricted: Collection[str] = (),
) -> None:
    """Add the problems of `check_restrictions` to other problems."""
    states = set()
    for at, (agency, state) in enumerate(_with_states(agencies)):
        path = f"hidden_from.{at}"
        if agency == actor.agency:
            problems.add(path, message("You would not see it yourself: this is your own agency."))
        elif state not in participants():
            problems.add(path, message("There is no agency {code}.", code=agency))
        if state is not None:
            states.add(state)
    left = select(Agency.owner_state).where(
        Agency.owner_state.in_(states), Agency.code.not_in({*agencies, *already_restricted})
    )
    for state in sorted(states - {*db.session.scalars(left)}) if states else ():
        problems.add(
            "hidden_from", message("Leave an agency of {state} that sees it.", state=state)
        )


def _with_states(agencies: Sequence[str]) -> list[tuple[str, str | None]]:
    states = states_by_agency(agencies)
    return [(agency, states.get(agency)) for agency in agencies]


def replace_restrictions(
    actor: Actor,
    subject_kind: str,
    subjects: Collection[UUID],
    agencies: Collection[str],
    *,
    is_own: bool = False,
    named_by: str | None = None,
) -> None:
    """Replace the restricted agencies of the own state's subjects.

    `named_by` is another asking state. The asked state's own list (`is_own`) and the asking state's
    list are separate: each replaces its own rows only.
    """
    by = named_by or actor.own_state()
    replaced = delete(TraceRestriction).where(
        TraceRestriction.owner_state == actor.own_state(),
        TraceRestriction.subject_id.in_(subjects),
        TraceRestriction.is_own == is_own,
        TraceRestriction.named_by == by,
    )
    db.session.execute(replaced)
    add_restrictions(actor, subject_kind, subjects, agencies, is_own=is_own, named_by=by)


def add_restrictions(
    actor: Actor,
    subject_kind: str,
    subjects: Collection[UUID],
    agencies: Collection[str],
    *,
    is_own: bool = False,
    named_by: str | None = None,
) -> None:
    """Restrict agencies from new subjects without restrictions."""
    own = actor.own_state()
    rows = [
        {
            "agency": agency,
            "subject_id": subject,
            "owner_state": own,
            "subject_kind": subject_kind,
            "restricted_at": actor.now(),
            "is_own": is_own,
            "named_by": named_by or own,
        }
        for subject in subjects
        for agency in sorted({*agencies})
    ]
    insert_many(TraceRestriction, rows)


def list_restricted(subject_id: UUID) -> list[str]:
    """Return all agencies restricted from a subject of the own state."""
    return restricted_by_subject([subject_id])[subject_id]


def list_named_by_asker(subject_id: UUID) -> list[str]:
    """Return the agencies that the asking state restricted."""
    _, named = own_and_named_by_subject([subject_id])
    return named[subject_id]


def agencies_of_state(agencies: Collection[str], state: str) -> list[str]:
    """Return the given agencies that belong to a state."""
    return sorted(code for code, owner in states_by_agency(agencies).items() if owner == state)


def states_by_agency(agencies: Collection[str]) -> dict[str, str | None]:
    """Return the state of each known agency."""
    if not agencies:
        return {}
    rows = select(Agency.code, Agency.owner_state).where(Agency.code.in_(agencies))
    return {row.code: row.owner_state for row in db.session.execute(rows)}


_RESTRICTIONS: Final = (
    "SELECT subject_id, agency, is_own FROM trace_restriction WHERE subject_id = ANY(%s::uuid[])"
    " ORDER BY agency"
)


def restricted_by_subject(ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the restricted agencies of each own trace or request."""
    subject_ids = list(ids)
    own, theirs = own_and_named_by_subject(subject_ids)
    return {
        subject_id: sorted({*own[subject_id], *theirs[subject_id]}) for subject_id in subject_ids
    }


def own_and_named_by_subject(
    ids: Iterable[UUID],
) -> tuple[Mapping[UUID, list[str]], Mapping[UUID, list[str]]]:
    """Return restricted agencies by subject: own, and named by others."""
    own, theirs = defaultdict[UUID, list[str]](list), defaultdict[UUID, list[str]](list)
    for subject_id, agency, is_own in execute_raw(_RESTRICTIONS, (list(ids),)):
        (own if is_own else theirs)[subject_id].append(agency)
    return own, theirs
