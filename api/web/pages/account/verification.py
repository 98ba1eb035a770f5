"""Verification of a signed paper by anybody.

Visitors verify the signature; users who may read permits also compare the record.
"""

from __future__ import annotations

from flask import g, render_template, request

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.web.access import count_notifications
from api.web.blueprints import account_pages
from salsa_ext.access.paper_tokens import check_token, token_key_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import visitor
from salsa_ext.access.signing import find_public_key
from salsa_ext.core.actor import Actor
from salsa_ext.core.text import strip_invisible
from salsa_ext.papers import commands as paper_commands
from salsa_ext.papers.commands import Verification
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.tracing.traces import reports


@account_pages.get("/verify")
def verify_form() -> str:
    """Show the form."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        count_notifications(g.actor)
        return render_template("account/verify.html", found=None, sees=_may_read_permits(g.actor))


@account_pages.post("/verify")
def verify() -> str:
    """Show the result for the scanned text, sent in the body only."""
    g.actor = authenticate_page()
    text = strip_invisible(request.form.get("token", ""))
    with transaction(g.actor or visitor()):
        count_notifications(g.actor)
        sees = _may_read_permits(g.actor)
        if reports.is_hash(text):
            return _render_report(g.actor, text, sees=sees)
        found = (
            paper_commands.verify_token(actor=g.actor, text=text)
            if g.actor and sees
            else _verify_signature(text)
        )
        return render_template("account/verify.html", found=found, sees=sees, token=text)


def _render_report(actor: Actor | None, text: str, *, sees: bool) -> str:
    """Show whether a hash is that of an own trace report.

    Only for users who may read traces.
    """
    may = actor is not None and Permission.TRACE_READ in actor.permissions
    report = reports.find_report_by_hash(actor=actor, sha256=text) if actor and may else None
    return render_template(
        "account/verify.html",
        found=None,
        sees=sees,
        token=text,
        is_hash=True,
        report=report,
        zone=actor_zone(actor) if actor and may else None,
    )


def _may_read_permits(actor: Actor | None) -> bool:
    return actor is not None and Permission.PERMIT_READ in actor.permissions


def _verify_signature(text: str) -> Verification:
    """Verify the signature with the public keys, without the record."""
    kid = token_key_id(text)
    reading = check_token(text, find_public_key(kid))
    return Verification(reading.verdict, reading.claims, kid)
