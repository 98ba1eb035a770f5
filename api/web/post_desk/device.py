"""What the desk keeps on a device: a page without data, and the key for what is added to it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from flask import Response, abort, current_app, g, jsonify, render_template, url_for

from api.auth import authenticate_page
from api.compression import YEAR
from api.transaction import transaction
from api.vault import vault
from api.web import csrf
from api.web.desk import choices
from api.web.post_desk import moving, seizing
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, by_script, page, render
from api.web.typed import Form
from salsa_ext.errors import Unauthenticated, say
from salsa_ext.services import devices
from salsa_ext.values.actor import Actor

SHELL: Final = (
    "salsa.css", "icon.svg", "post-desk/desk.css", "post-desk/desk.js", "post-desk/store.js",
    "post-desk/sealing.js", "post-desk/session.js", "post-desk/queue.js", "post-desk/forms.js",
    "post-desk/list.js", "post-desk/kept.js", "post-desk/scan.js", "post-desk/words.js",
    "post-desk/leaving.js", "post-desk/left.js", "post-desk/line.js", "post-desk/photos.js",
    "post-desk/now.js", "post-desk/sending.js", "typed.js",
)  # fmt: skip
"""The files without which the desk does not open; its own stand in a folder of their version."""
OWN: Final = "post-desk/"
TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
DRAWN: Final = ("base.html", "fields.html", "signed_out.html", "post_desk/*", "desk/goods.html")
"""The templates of what is kept on a device."""
DECODER: Final = "vendor/jsqr/jsQR.js"
"""What reads a code where the browser cannot."""


@blueprint.get("/posts/<slug:code>/desk/offline")
@page
def offline(actor: Actor, here: Here) -> str:
    """Return the desk as it opens without a line: all its forms, and nothing that is known of anybody."""
    g.is_offline = True
    g.pop("unread", None)
    return render(
        "offline", actor, here, options=seizing.options, rooms=seizing.ITEMS,
        csrf_token=lambda: "", tasks=moving.TASKS, form=Form(), seizure=seizing.opened(),
        suggest=choices.suggestions(actor),
    )  # fmt: skip


@blueprint.get("/posts/session")
def session() -> Response:
    """Return to a script of the desk who is signed in, by which key his work is kept, and the token."""
    if not by_script():
        abort(406)  # a key is no page to be looked at
    actor = authenticate_page()
    if actor is None:
        raise Unauthenticated(say("Your session has ended. Sign in again."))
    with transaction(actor):
        kept = devices.keeping(actor=actor, vault=vault())
    said = {
        "owner": kept.owner, "key": kept.key.hex(), "token": csrf.token(),
        "now": actor.now().isoformat(),
        "ends_at": kept.ends_at.isoformat() if kept.ends_at else None,
    }  # fmt: skip
    response = jsonify(said)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/posts/worker.js")
def worker() -> Response:
    """Return the script that opens the desk without a line; it changes when a file or a page of it does."""
    text = render_template(
        "post_desk/worker.js", version=version(), files=[address_of(name) for name in SHELL],
        decoder=address_of(DECODER), left=address_of("post-desk/left.js"),
        signed_out=url_for("signin.signed_out"), folder=f"/desk-files/{version()}/",
    )  # fmt: skip
    response = Response(text, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"  # no page is shown before a session is ended
    return response


@blueprint.get("/desk-files/<version_of>/<name>")
def file(version_of: str, name: str) -> Response:
    """Return a file of the desk; 404 for one of another version, which would not fit the others."""
    known = OWN + name
    if version_of != version() or known not in SHELL:
        abort(404)
    path = _static() / known
    response = Response(path.read_bytes(), content_type=f"{TYPES[path.suffix]}; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@blueprint.app_template_global("file_of")
def address_of(name: str) -> str:
    """Return the address of a static file, with its version; files of the desk import each other there."""
    if name.startswith(OWN):
        return url_for("post_desk.file", version_of=version(), name=name.removeprefix(OWN))
    return url_for("static", filename=name)


def version() -> str:
    """Return what tells the files and pages that a device keeps from those of before."""
    return _digest(_static(), Path(current_app.root_path) / str(current_app.template_folder))


def _static() -> Path:
    return Path(str(current_app.static_folder))


@cache
def _digest(static: Path, templates: Path) -> str:
    told = hashlib.sha256()
    drawn = sorted(path for pattern in DRAWN for path in templates.glob(pattern))
    for path in (*(static / name for name in SHELL), *drawn):
        told.update(path.read_bytes())
    return told.hexdigest()[:16]
