"""The page where anybody checks a paper: its signature alone, or the record too for who signed in."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from api.auth import authenticate_page
from api.transaction import transaction
from api.web.access import count_waiting
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import visitor
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.signing import keys_named
from salsa_ext.services import papers, trace_reports
from salsa_ext.services.papers import Verification
from salsa_ext.values.actor import Actor
from salsa_ext.values.texts import unbroken
from salsa_ext.values.tokens import key_named, read

blueprint = Blueprint("verification", __name__)


@blueprint.get("/verify")
def form() -> str:
    """Show the form."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        count_waiting(g.actor)
        return render_template("verify.html", found=None, sees=_sees(g.actor))


@blueprint.post("/verify")
def check() -> str:
    """Say what became of the text that was scanned; nothing of it is kept in the address."""
    g.actor = authenticate_page()
    text = unbroken(request.form.get("token", ""))
    with transaction(g.actor or visitor()):
        count_waiting(g.actor)
        sees = _sees(g.actor)
        if trace_reports.is_hash(text):
            return _report(g.actor, text, sees=sees)
        found = papers.verify(actor=g.actor, text=text) if g.actor and sees else _signature(text)
        return render_template("verify.html", found=found, sees=sees, token=text)


def _report(actor: Actor | None, text: str, *, sees: bool) -> str:
    """Say whether a hash is that of a trace report of the own state, to who reads traces; else who does."""
    may = actor is not None and Permission.TRACE_READ in actor.permissions
    report = trace_reports.find(actor=actor, sha256=text) if actor and may else None
    return render_template(
        "verify.html", found=None, sees=sees, token=text, is_hash=True, report=report,
        zone=zone_of(actor) if actor and may else None,
    )  # fmt: skip


def _sees(actor: Actor | None) -> bool:
    return actor is not None and Permission.PERMIT_READ in actor.permissions


def _signature(text: str) -> Verification:
    """Check the signature with the public keys, and look at nothing else."""
    kid = key_named(text)
    reading = read(text, keys_named(kid))
    return Verification(reading.verdict, reading.claims, kid)
