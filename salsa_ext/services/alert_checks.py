"""What an alert has to say to be taken."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Final

from salsa_ext.errors import Invalid, Message, say
from salsa_ext.readmodels import search
from salsa_ext.readmodels.sides import query_for
from salsa_ext.readmodels.states import participants
from salsa_ext.services.fields import Problems, check_firearm, years_after
from salsa_ext.values.alerts import AlertData
from salsa_ext.values.firearms import Firearm

MOST_YEARS: Final = 3
CORRECT_IT: Final = say("Correct what this record says, or describe the gun.")


def check(data: AlertData, gun: Firearm, on: date) -> None:
    """Raise Invalid where an alert contradicts itself, or names no mark by which its gun is met."""
    problems = Problems()
    if not on < data.expires_on <= years_after(on, MOST_YEARS):
        problems.add("expires_on", say("An alert ends after today, and within {years} years; enter it anew"
                                       " where it is still true then.", years=MOST_YEARS))  # fmt: skip
    if data.reason == "other" and not data.reason_text:
        problems.add("reason_text", say("Say in words why, where no code does."))
    _check_readers(problems, data)
    wrong = _wrong_with(gun)
    if data.record and wrong:  # nothing else was sent
        wrong = {"record": [*chain.from_iterable(wrong.values()), CORRECT_IT]}
    problems.found |= wrong
    problems.raise_any()


def _wrong_with(gun: Firearm) -> dict[str, list[Message]]:
    problems = Problems()
    check_firearm(problems, "firearm", gun)
    try:
        search.searched_by(query_for(gun), "firearm.serial")
    except Invalid as error:
        for path, said in error.errors.items():
            for message in said:
                problems.add(path, message)
    return problems.found


def _check_readers(problems: Problems, data: AlertData) -> None:
    if data.visible_to is None:
        return
    if data.action == "let_pass_and_inform":
        problems.add("visible_to", say("An alert that lets its gun pass shows to no state."))
    known = set(participants())
    for state in data.visible_to:
        if state not in known:
            problems.add("visible_to", say("{state} is not a participating state. These are: {states}.",
                                           state=state, states=", ".join(sorted(known))))  # fmt: skip
