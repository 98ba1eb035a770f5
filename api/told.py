"""What a notification says: the name of its code, or a sentence that names the state whose turn it is."""

from __future__ import annotations

from typing import Final

from api.i18n import language, translate
from salsa_ext.errors import Message, say
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.notifications import NotificationView

NAMING: Final = {
    "hit_made": say("An alert of {state} was met: {state} has to confirm the hit before anybody acts."),
    "hit_reopened": say("A record was corrected and meets an alert of {state} again: {state} has to confirm the"
                        " hit before anybody acts."),
}  # fmt: skip


def text_of(view: NotificationView) -> str:
    """Return a notification as a sentence of the reader's language; one from before names no state."""
    row = view.notification
    named, state = NAMING.get(row.code), row.data.get("alert_state")
    if named is None or state is None:
        return view.text
    return translate(Message(named.text, {"state": label("state", state, language.get())}))
