"""Offline desk: the cached page, the service worker, the device key."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from flask import Response, abort, current_app, g, jsonify, render_template, url_for

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.http.middleware import YEAR
from api.web import security
from api.web.forms import Form
from api.web.pages import border_pages
from api.web.pages.border import seizure, truck
from api.web.pages.border.desk_pages import (
    CurrentPost,
    is_script_request,
    post_page,
    render_desk_page,
)
from api.web.prefill import MAX_ITEMS
from salsa_ext.administration import keys
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, message

OFFLINE_FILES: Final = tuple(
    "tokens.css salsa.css icon.svg vendor/lucide/icons.svg dates.js typed.js post-desk/desk.css"
    " post-desk/desk.js post-desk/store.js"
    " post-desk/encryption.js post-desk/session.js post-desk/queue.js post-desk/forms.js"
    " post-desk/list.js post-desk/stored-list.js post-desk/scan.js post-desk/messages.js"
    " post-desk/sign-out.js post-desk/pending-sign-out.js post-desk/status.js post-desk/photos.js"
    " post-desk/online-forms.js post-desk/sending.js".split()
)
"""Files without which the desk does not open; its own are in a folder of their version."""
FONTS: Final = tuple(
    f"vendor/plex/{name}.woff2"
    for name in "sans-latin sans-latin-ext mono-latin mono-latin-ext".split()
)
"""Faces of tokens.css, which names them without a version."""
DESK_FOLDER: Final = "post-desk/"
CONTENT_TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
OFFLINE_TEMPLATES: Final = tuple(
    "base.html fields.html parts.html tables.html account/signed_out.html border/*"
    " licensing/holds.html licensing/goods.html investigation/seizure_fields.html".split()
)
"""Templates of what devices store."""
DECODER: Final = "vendor/jsqr/jsQR.js"
"""Reads a code where the browser cannot."""


@border_pages.get("/posts/<slug:code>/desk/offline")
@post_page
def offline_page(actor: Actor, here: CurrentPost) -> str:
    """Return the desk page for offline use: all forms, no data."""
    g.is_offline = True
    g.pop("unread", None)
    return render_desk_page(
        "offline",
        actor,
        here,
        rooms=MAX_ITEMS,
        csrf_token=lambda: "",
        tasks=truck.TASKS,
        form=Form(),
        seizure=seizure.new_form(),
    )


@border_pages.get("/posts/session")
def device_session() -> Response:
    """Return owner, device key and form token to the desk's script; raises Unauthenticated."""
    if not is_script_request():
        abort(406)  # a key is no page
    actor = authenticate_page()
    if actor is None:
        raise Unauthenticated(message("Your session has ended. Sign in again."))
    with transaction(actor):
        device = keys.device_key(actor=actor)
    response = jsonify(
        owner=device.owner,
        key=device.key.hex(),
        token=security.csrf_token(),
        now=actor.now().isoformat(),
        ends_at=device.ends_at.isoformat() if device.ends_at else None,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@border_pages.get("/posts/worker.js")
def service_worker() -> Response:
    """Return the service worker; it changes with any offline file."""
    text = render_template(
        "border/worker.js",
        version=desk_version(),
        files=[
            *map(file_address, OFFLINE_FILES),
            *(url_for("static", filename=name, v=None) for name in FONTS),
        ],
        decoder=file_address(DECODER),
        sign_out=file_address("post-desk/pending-sign-out.js"),
        signed_out=url_for("account.signed_out"),
        folder=f"/desk-files/{desk_version()}/",
    )
    response = Response(text, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"  # no page is shown before a session is ended
    return response


@border_pages.get("/desk-files/<version>/<name>")
def desk_file(version: str, name: str) -> Response:
    """Return an offline file; 404 for another version."""
    path = _static() / (DESK_FOLDER + name)
    if version != desk_version() or DESK_FOLDER + name not in OFFLINE_FILES:
        abort(404)
    response = Response(
        path.read_bytes(), content_type=f"{CONTENT_TYPES[path.suffix]}; charset=utf-8"
    )
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@border_pages.app_template_global("file_address")
def file_address(name: str) -> str:
    """Return the address of a static file."""
    if name.startswith(DESK_FOLDER):
        return url_for(
            "border.desk_file", version=desk_version(), name=name.removeprefix(DESK_FOLDER)
        )
    return url_for("static", filename=name)


def desk_version() -> str:
    """Return the version of offline files and templates: a hash."""
    return _digest(_static(), Path(current_app.root_path) / str(current_app.template_folder))


def _static() -> Path:
    return Path(str(current_app.static_folder))


@cache
def _digest(static: Path, templates: Path) -> str:
    digest = hashlib.sha256()
    files = sorted(path for pattern in OFFLINE_TEMPLATES for path in templates.glob(pattern))
    for path in (*(static / name for name in (*OFFLINE_FILES, *FONTS)), *files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
