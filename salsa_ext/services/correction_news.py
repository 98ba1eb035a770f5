"""Officers of the states that had the old value are notified of what their audit reads of a correction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from salsa_ext.audit import Act, traces_in
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

ROLES: Final = ("police_officer", "trace_analyst", "forensic_examiner", "licensing_officer",
                "border_officer", "supervisor", "auditor")  # fmt: skip
"""Who reads records of other states, or in the audit that they were corrected."""
MOST: Final = 20
"""Notices of one state; of more the first is told, with how many there are."""


def tell(actor: Actor, acts: Iterable[Act], *, is_gone: bool) -> None:
    """Tell each state what its audit reads by these acts, once of each record, check or receipt.

    What was given for traces alone is kept from whom one of them is kept. No command of its own.
    """
    read: dict[tuple[str, str, str], list[Act]] = defaultdict(list)
    for act in acts:
        for state in act.concerned if act.hidden else ():
            read[state, act.subject_kind, str(act.subject_id)].append(act)
    told: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    for (state, kind, _), of_one in read.items():
        told[state, kind].append(_notice(actor, state, of_one, is_gone=is_gone))
    notify_many(actor, [each for notices in told.values() for each in _few(notices)])


def _notice(actor: Actor, state: str, acts: Sequence[Act], *, is_gone: bool) -> Notice:
    act, own = acts[0], actor.own_state()
    if (
        act.subject_kind != "record"
    ):  # of what that state itself asked: the record is not named to it
        return Notice(state, ROLES, "pointer_withdrawn", act.subject_kind, _id(act), state,
                      data={"by": own})  # fmt: skip
    about = {trace for each in acts for trace in traces_in(each.data)}
    is_kept = all(traces_in(each.data) for each in acts)
    said = {"by": own, "version": act.data["version"]}
    said |= {"about": sorted(about)} if is_kept else {}
    code = "record_withdrawn" if is_gone else "record_corrected"
    return Notice(state, ROLES, code, "record", _id(act), own, data=said)


def _few(notices: Sequence[Notice]) -> list[Notice]:
    """Return the notices, or of very many one, which everybody may see where there is such a one."""
    if len(notices) <= MOST:
        return [*notices]
    first = min(notices, key=lambda each: "about" in each.data)
    return [replace(first, data=first.data | {"count": len(notices)})]


def _id(act: Act) -> UUID:
    return UUID(str(act.subject_id))
