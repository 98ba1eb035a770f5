"""Check of a serial number: form and answer.

The answer is displayed once: only the query and verdict of a check are stored, no candidates. A
form sent twice makes two checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import render_template, url_for

from api.http.context import transaction
from api.schemas.checks import CheckRequest, CheckResponse
from api.schemas.reference import ContactResponse
from api.web import choices, formatting, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import investigation_pages
from api.web.forms import Form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.reference import name_matching
from salsa_ext.reference.agencies import find_contact

Json = dict[str, Any]
PURPOSE_BY_ROLE: Final = {
    "border_officer": "border",
    "police_officer": "street",
    "licensing_officer": "licensing",
}
"""For what a role mostly asks; the others investigate."""
UNREAD_GLYPHS: Final = frozenset("?*[")
"""What stands for glyphs of a mark that were not read, or not for sure."""


@investigation_pages.get("/checks/new")
@login_required
def check_form(actor: Actor) -> str:
    """Show the form of a check."""
    require(actor, Permission.CHECK_MAKE)
    return _render_form(actor, Form({"purpose": PURPOSE_BY_ROLE.get(actor.role, "investigation")}))


@investigation_pages.post("/checks/new")
@login_required_for_form
def run_check(actor: Actor) -> Any:
    """Run a check and show its answer.

    Shows the form with 422 if no mark is searchable.
    """
    require(actor, Permission.CHECK_MAKE)
    form = submission.read_form()
    answer = submission.submit_repeatable(form, lambda: _run_check(actor, form))
    if answer is None:
        return render_again(actor, lambda: _render_form(actor, form)), form.status
    return render_again(actor, lambda: render_answer(actor, form, answer)), form.status


def _run_check(actor: Actor, form: Form) -> Json:
    """Return the answer in the form of the API."""
    with transaction(actor):
        answer = checks.run_check(actor=actor, data=form.load(CheckRequest()))
        said: Json = CheckResponse().dump(answer)
        return said


def _render_form(actor: Actor, form: Form) -> str:
    return render_template("investigation/check.html", **_form_context(actor, form))


def render_answer(
    actor: Actor, form: Form, answer: Json, next_form: str | None = None, has_photo: bool = False
) -> str:
    """Return the page of an answer.

    `next_form` is the address of the form for the next check; `has_photo` if a photograph was
    stored.
    """
    return render_template(
        "investigation/check_answer.html",
        answer=answer,
        now=actor.now(),
        photo=has_photo,
        searched=_sort_by_state_name(answer["searched"]),
        fitting=_count_fitting(form, answer["candidates"]),
        unreachable=states_without_contact(actor, answer),
        another=next_form or url_for("investigation.check_form"),
        noted={one["field"]: one["text"] for one in answer["remarks"]},
        **candidate_context(actor, answer["candidates"]),
        **_form_context(actor, form),
    )


def candidate_context(actor: Actor, candidates: Sequence[Json]) -> Json:
    """Return the template context of candidates: bar scale and contacts."""
    return {"most": _max_bits(candidates), "offices": _contacts(candidates)}


def parse_dates(answer: Json) -> Json:
    """Replace ISO dates in a stored answer by dates, in place."""
    for listed, name in (
        (answer["candidates"], "occurred_on"),
        (answer.get("searched", ()), "records_through"),
    ):
        for one in listed:
            one[name] = one[name] and date.fromisoformat(one[name])
    return answer


def _count_fitting(form: Form, candidates: Iterable[Json]) -> int:
    """Return how many guns a partly read mark fits, else 0."""
    if not UNREAD_GLYPHS & {*form.get("serial")}:
        return 0
    return len({(one["mark"], one["make"]) for one in candidates if one["mark"]})


def _form_context(actor: Actor, form: Form) -> Json:
    return {"actor": actor, "form": form, "choices": choices, "suggest": choices.suggestions(actor)}


def _sort_by_state_name(searched: Iterable[Json]) -> list[Json]:
    return sorted(
        searched,
        key=lambda one: name_matching.fold_name("state", formatting.label("state", one["state"])),
    )


def states_without_contact(actor: Actor, answer: Json) -> list[str]:
    """Return other states with candidates but without a contact."""
    offices = {contact["state"] for contact in answer["next"]["contacts"]}
    holders = dict.fromkeys(one["state"] for one in answer["candidates"])
    return [state for state in holders if state not in offices and state != actor.state]


def _max_bits(candidates: Iterable[Json]) -> float:
    """Return the largest weight of a reason in bits, for the bars."""
    bits = (abs(reason["bits"]) for one in candidates for reason in one["reasons"])
    return max(bits, default=1.0)


def _contacts(candidates: Iterable[Json]) -> Mapping[str, Json]:
    """Return contacts of states with hidden records among the candidates."""
    states = sorted({one["state"] for one in candidates if one["record"] is None})
    offices = {state: find_contact(state) for state in states}
    return {state: ContactResponse().dump(office) for state, office in offices.items() if office}
