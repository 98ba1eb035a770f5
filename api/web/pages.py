"""The home page, and the language of all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for

from api.auth import authenticate_page
from api.resource import Resource
from api.transaction import transaction
from api.web import cookies
from api.web.access import count_waiting, local
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import reference
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import LANGUAGES

LASTS = timedelta(days=365)
ALL_POSTS = 200

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """Say what this is, or who is signed in and where he can go."""
    g.actor = authenticate_page()
    if g.actor is None:
        return render_template("welcome.html")
    with transaction(g.actor):
        count_waiting(g.actor)
        return render_template(
            "home.html", actor=g.actor, posts=_posts(g.actor), doings=_doings(g.actor)
        )


@blueprint.post("/language")
def choose_language() -> Any:
    """Remember the language in which pages are shown, and come back."""
    response = redirect(local(request.form.get("next")), 303)
    if (code := request.form.get("language")) in LANGUAGES:
        cookies.put(response, cookies.LANGUAGE, code, LASTS)
    return response


def _doings(actor: Actor) -> Mapping[str, str]:
    """Return what the actor may do, each with the address of its route in the documentation."""
    page = url_for("docs.docs")
    return {
        permission: f"{page}#/{Resource.first_with[permission]}"
        for permission in Permission
        if permission in actor.permissions and permission in Resource.first_with
    }


def _posts(actor: Actor) -> Sequence[Any]:
    """Return the posts whose boards the actor may open."""
    if actor.state is None or Permission.BOARD_READ not in actor.permissions:
        return ()
    return reference.list_posts(actor, {"state": actor.state}, ALL_POSTS, None).items
