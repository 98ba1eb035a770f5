"""Blank forms on paper, in every language of the service with English beside it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, g, render_template, request

from api.auth import authenticate_page
from api.handed import pdf
from api.papers import forms
from api.transaction import transaction
from api.web.access import count_waiting
from salsa_ext.policy.rules import visitor
from salsa_ext.values.codes import LANGUAGES

blueprint = Blueprint("forms", __name__)


@blueprint.get("/forms")
def listed() -> str:
    """List the forms."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        count_waiting(g.actor)
        return render_template("forms.html", kinds=forms.KINDS)


@blueprint.get("/forms/<slug:kind>.pdf")
def form(kind: str) -> Response:
    """Return one form in the language that is asked for, else in that of the page."""
    language = request.args.get("language", g.language)
    if kind not in forms.KINDS or language not in LANGUAGES:
        abort(404)
    with transaction(visitor()):
        return pdf(forms.render(kind, language), f"{kind}-{language}")
