"""Blank paper forms, bilingual with English."""

from __future__ import annotations

from flask import Response, abort, g, render_template, request

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.http.files import send_pdf
from api.papers import blank
from api.web.access import count_notifications
from api.web.pages import account_pages
from salsa_ext.access.rules import visitor
from salsa_ext.core.codes import LANGUAGES


@account_pages.get("/forms")
def blank_forms() -> str:
    """List the blank forms."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        count_notifications(g.actor)
        return render_template("account/forms.html", kinds=blank.FORM_KINDS)


@account_pages.get("/forms/<slug:kind>.pdf")
def blank_form(kind: str) -> Response:
    """Return a form in the requested language as PDF."""
    language = request.args.get("language", g.language)
    if kind not in blank.FORM_KINDS or language not in LANGUAGES:
        abort(404)
    with transaction(visitor()):
        return send_pdf(blank.render_blank_form(kind, language), f"{kind}-{language}")
