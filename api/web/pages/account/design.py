"""Every component of the pages in its states: a sheet for who builds pages, and for tests."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from flask import current_app, g, render_template

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.i18n.messages import translate
from api.web.access import prepare_frame
from api.web.formatting import ICONS
from api.web.forms import REQUIRED, Form
from api.web.lists import Chip
from api.web.pages import account_pages
from salsa_ext.access.rules import visitor
from salsa_ext.core.errors import message

COLOURS: Final = tuple(
    "paper wash wash-2 ink ink-2 line edge brand act act-wash fill focus bad bad-wash bad-fill warn"
    " warn-wash warn-fill ok ok-wash ok-fill".split()
)
"""Names of colours in tokens.css that are shown."""
SIZES: Final = ("tiny", "small", "body", "lead", "title-2", "title-1", "hero")
STATUSES: Final = (
    ("permit_status", "issued"),
    ("permit_status", "suspended"),
    ("permit_status", "cancelled"),
    ("permit_status", "expired"),
    ("shipment_status", "planned"),
    ("shipment_status", "in_transit"),
    ("shipment_status", "overdue"),
    ("match_status", "proposed"),
    ("trace_status", "answered"),
)
SERIALS: Final = ("KHE52871", "0O1I8B5S", "AR7709-B")


@account_pages.get("/design")
def design() -> str:
    """Show the components; no data is read."""
    g.actor = authenticate_page()
    with transaction(g.actor or visitor()):
        prepare_frame(g.actor)
        return render_template("account/design.html", **_examples())


def _examples() -> dict[str, Any]:
    refused = Form({"kind": "seized"}, {"case_number": [translate(REQUIRED)]})
    rows = [
        SimpleNamespace(serial=serial, status=STATUSES[at]) for at, serial in enumerate(SERIALS)
    ]
    return {
        "colours": COLOURS,
        "sizes": SIZES,
        "statuses": STATUSES,
        "serials": SERIALS,
        "icons": _icon_names(Path(str(current_app.static_folder)) / ICONS),
        "form": refused,
        "rows": rows,
        "chips": [Chip(translate(message("Kind")), SERIALS[0], "/design")] * 2,
    }


@cache
def _icon_names(sprite: Path) -> tuple[str, ...]:
    return tuple(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite.read_text()))
