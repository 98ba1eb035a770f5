"""Blank forms, and verification of a signed paper, by anybody."""

from typing import Any

from flask import Response, abort, g, render_template, request

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.http.files import send_pdf
from api.papers import blank_forms as paper_blank_forms
from api.web.access import prepare_frame
from api.web.pages import account_pages
from salsa_ext.access.paper_tokens import check_token, token_key_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import visitor
from salsa_ext.access.signing import find_public_key
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.core.text import strip_invisible
from salsa_ext.papers import commands as paper_commands
from salsa_ext.papers.commands import Verification
from salsa_ext.reference.calendars import reader_zone
from salsa_ext.tracing.traces import reports


@account_pages.get("/verify")
def verify_form() -> str:
    """Show the form."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        return _render(g.actor)


@account_pages.post("/verify")
def verify() -> str:
    """Show the result for the scanned text, sent in the body only."""
    actor = g.actor = authenticate_page()
    text = strip_invisible(request.form.get("token", ""))
    with transaction(actor or visitor()):
        prepare_frame(actor)
        if not reports.is_hash(text):
            if actor and _may(actor, Permission.PERMIT_READ):
                paper = paper_commands.verify_token(actor=actor, text=text)
            else:
                kid = token_key_id(text)  # by the public keys, without the record
                reading = check_token(text, find_public_key(kid))
                paper = Verification(reading.verdict, reading.claims, kid)
            zone = reader_zone(actor) if actor else "UTC"
            return _render(actor, token=text, paper=paper, zone=zone)
        if actor is None or not _may(actor, Permission.TRACE_READ):
            return _render(actor, token=text, is_hash=True)
        report = reports.find_report_by_hash(actor=actor, sha256=text)
        return _render(actor, token=text, is_hash=True, report=report, zone=reader_zone(actor))


def _render(actor: Actor | None, **result: Any) -> str:
    reads_permits = _may(actor, Permission.PERMIT_READ)
    return render_template("account/verify.html", reads_permits=reads_permits, **result)


def _may(actor: Actor | None, permission: Permission) -> bool:
    return actor is not None and permission in actor.permissions


@account_pages.get("/forms")
def blank_forms() -> str:
    """List the blank forms."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        return render_template("account/forms.html", kinds=paper_blank_forms.FORM_KINDS)


@account_pages.get("/forms/<slug:kind>.pdf")
def blank_form(kind: str) -> Response:
    """Return a form in the requested language as PDF."""
    language = request.args.get("language", g.language)
    if kind not in paper_blank_forms.FORM_KINDS or language not in LANGUAGES:
        abort(404)
    with transaction(visitor()):
        return send_pdf(paper_blank_forms.render_blank_form(kind, language), f"{kind}-{language}")
