"""A check of a serial as a page: the form, and what is known of it.

The answer is shown where it is asked for, and nowhere again: of a check its question and its
verdict are kept, and no candidate. Sent twice, it is two checks, each written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import render_template, url_for

from api.schemas.checks import CheckRequest, CheckResponse, ContactResponse
from api.transaction import transaction
from api.web import sending, shown
from api.web.access import again, sender, signed_in
from api.web.desk import choices
from api.web.guns.blueprint import blueprint
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.readmodels.contacts import contact_of
from salsa_ext.services import checks
from salsa_ext.values.actor import Actor

Said = dict[str, Any]
USUAL: Final = {"border_officer": "border", "police_officer": "street",
                "licensing_officer": "licensing"}  # fmt: skip
"""For what a role mostly asks; the others investigate."""
UNREAD: Final = frozenset("?*[")
"""What stands for glyphs of a mark that were not read, or not for sure."""


@blueprint.get("/checks/new")
@signed_in
def check_form(actor: Actor) -> str:
    """Show the form of a check."""
    require(actor, Permission.CHECK_MAKE)
    return _page(actor, Form({"purpose": USUAL.get(actor.role, "investigation")}))


@blueprint.post("/checks/new")
@sender
def check(actor: Actor) -> Any:
    """Ask and show what is known; 422 with the form where nothing can be searched."""
    require(actor, Permission.CHECK_MAKE)
    form = sending.sent()
    answer = sending.take(form, lambda: _ask(actor, form))
    if answer is None:
        return again(actor, lambda: _page(actor, form)), form.status
    return again(actor, lambda: answer_page(actor, form, answer)), form.status


def _ask(actor: Actor, form: Form) -> Said:
    """Return the answer as the interface gives it to programs, so that no page shows more."""
    with transaction(actor):
        answer = checks.make(actor=actor, data=form.load(CheckRequest()))
        said: Said = CheckResponse().dump(answer)
        return said


def _page(actor: Actor, form: Form) -> str:
    return render_template("guns/check.html", **_shared(actor, form))


def answer_page(
    actor: Actor, form: Form, answer: Said, another: str | None = None, photo: bool = False
) -> str:
    """Return the page of an answer; `another` is where the next is asked, if not on the page of checks.

    `photo` where a photograph was kept with the check.
    """
    return render_template(
        "guns/answer.html", answer=answer, now=actor.now(), photo=photo,
        searched=_by_name(answer["searched"]), fitting=_fitting(form, answer["candidates"]),
        unreachable=unreachable_of(actor, answer), another=another or url_for("guns.check_form"),
        noted={one["field"]: one["text"] for one in answer["remarks"]},
        **asides(actor, answer["candidates"]), **_shared(actor, form),
    )  # fmt: skip


def asides(actor: Actor, candidates: Sequence[Said]) -> Said:
    """Return what a list of candidates is shown with: the longest bar, and whom to ask."""
    return {"most": _most(candidates), "offices": _offices(candidates)}


def as_read(said: Said) -> Said:
    """Return an answer that was kept as JSON with its days as days."""
    for listed, name in (
        (said["candidates"], "occurred_on"),
        (said.get("searched", ()), "through"),
    ):
        for one in listed:
            one[name] = one[name] and date.fromisoformat(one[name])
    return said


def _fitting(form: Form, candidates: Iterable[Said]) -> int:
    """Return how many guns a mark fits that was read in part; 0 of one that was read whole."""
    if not UNREAD & {*form.get("serial")}:
        return 0
    return len({(one["mark"], one["make"]) for one in candidates if one["mark"]})


def _shared(actor: Actor, form: Form) -> Said:
    return {"actor": actor, "form": form, "choices": choices,
            "suggest": choices.suggestions(actor)}  # fmt: skip


def _by_name(searched: Iterable[Said]) -> list[Said]:
    return sorted(searched, key=lambda one: names.fold("state", shown.label("state", one["state"])))


def unreachable_of(actor: Actor, answer: Said) -> list[str]:
    """Return the other states that hold something, and have no office that can be called."""
    offices = {contact["state"] for contact in answer["next"]["contacts"]}
    holders = dict.fromkeys(one["state"] for one in answer["candidates"])
    return [state for state in holders if state not in offices and state != actor.state]


def _most(candidates: Iterable[Said]) -> float:
    """Return the most bits that a reason has: the length of its bar is that of the page."""
    bits = (abs(reason["bits"]) for one in candidates for reason in one["reasons"])
    return max(bits, default=1.0)


def _offices(candidates: Iterable[Said]) -> Mapping[str, Said]:
    """Return whom to ask in the states that only let it be known that they hold something."""
    states = sorted({one["state"] for one in candidates if one["record"] is None})
    offices = {state: contact_of(state) for state in states}
    return {state: ContactResponse().dump(office) for state, office in offices.items() if office}
