"""Alerts on missed guns of the region, met by officers of other states, and what was answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from api.demo.traces import ASKING
from api.demo.words import COMPARED, STOPPED, said
from salsa_ext.db import transaction
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import of_documents
from salsa_ext.services import alerts, checks, hit_answers, telling_owners
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.alerts import AlertData, Answering
from salsa_ext.values.codes import ALERT_ACTIONS
from salsa_ext.values.documents import ReportData
from salsa_ext.values.inquiries import CheckData, Query

Acting = Callable[[str, str], Actor]
MOST: Final = 12
ANSWERS: Final = ("confirm", "", "deny", "extend")
VALID: Final = timedelta(days=540)


def seek(acting: Acting, missing: Sequence[tuple[str, UUID, ReportData]]) -> None:
    """Enter an alert of each action by turns on guns that are missed, and let most of them be met."""
    for index, (state, report, data) in enumerate(missing[:MOST]):
        action = ALERT_ACTIONS[index % len(ALERT_ACTIONS)]
        reason = "stolen" if data.kind == "theft" else "lost"
        _enter(acting, state, report, (action, reason), index)
        if index < 2 * len(ALERT_ACTIONS):
            _meet(acting, _abroad(state), data, action, ANSWERS[index % len(ANSWERS)], state)


def _abroad(state: str) -> str:
    """Return where a gun is met that a state misses."""
    return ASKING[(ASKING.index(state) + 1) % len(ASKING)]


def _enter(acting: Acting, state: str, report: UUID, said: tuple[str, str], index: int) -> None:
    police, analyst = acting(state, "police_officer"), acting(state, "trace_analyst")
    with transaction(police):
        [view] = of_documents([report])[report]
        data = AlertData(
            *said, f"{state}-A-{index + 1:04}", today(police) + VALID,
            "urgent" if said[0] == "seize" else "routine", record=view.record.id,
        )  # fmt: skip
        alert = alerts.record(actor=police, data=data)
        if index % 3:  # a third waits for its second person
            alerts.verify(actor=analyst, alert_id=alert, seen=None)


def _meet(
    acting: Acting, there: str, data: ReportData, action: str, answer: str, owner: str
) -> None:
    gun, officer = data.firearm, acting(there, "border_officer")
    query = Query(gun.serial or "", gun.make, gun.model, gun.calibre, gun.type)
    asked = CheckData(query, Purpose("border", incident=said(STOPPED, there)))
    with transaction(officer):
        met = checks.make(actor=officer, data=asked).hits
    if action == "let_pass_and_inform":
        with transaction(officer):
            telling_owners.run(actor=officer)
    for hit in met if answer else ():
        analyst = acting(owner, "trace_analyst")
        with transaction(analyst):
            command = getattr(hit_answers, answer)
            command(actor=analyst, hit_id=hit.id, seen=None,
                    data=Answering(said(COMPARED, owner), 4))  # fmt: skip
