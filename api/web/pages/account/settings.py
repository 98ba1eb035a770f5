"""Settings of the state, and the keys and sessions of its accounts, for its administrator."""

from dataclasses import asdict, replace
from typing import Any, Final

from flask import request, url_for

from api.schemas.access import KeyQuery, KeyResponse, SettingsRequest
from api.web.forms import VERSION_FIELD, Field, Form
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages, register_form, render_page
from salsa_ext.access.authentication import usernames_by_id
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import keys, settings
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.database.paging import Page
from salsa_ext.reference import state_settings

ONE_DATE_A_LINE: Final = message("One date on a line: year, month and day, with hyphens.")
GROUPS: Final = (
    (
        message("Terms"),
        (
            Field("flash_minutes", message("Minutes to answer a flash trace"), max_length=5),
            Field("urgent_hours", message("Hours to answer an urgent trace"), max_length=5),
            Field("priority_days", message("Working days to answer a priority trace")),
            Field("routine_days", message("Working days to answer a routine trace")),
            Field("counterpart_days", message("Working days to wait for a permit's counterpart")),
            Field("overdue_hours", message("Hours of grace before a shipment is late")),
            Field("equivalent_years", message("Most years of validity of other documents")),
        ),
    ),
    (
        message("Working days"),
        (
            Field("weekdays", message("Days of the week"), "boxes", "weekday"),
            Field("closed_on", message("Days without work"), "area", hint=ONE_DATE_A_LINE),
            Field("open_on", message("Days with work all the same"), "area", hint=ONE_DATE_A_LINE),
        ),
    ),
    (
        message("Second person"),
        (
            Field(
                "second_person", message("A second person is needed to"), "boxes", "second_person"
            ),
        ),
    ),
    (
        message("Traces and look-ups"),
        (
            Field(
                "answers_automatically", message("The service answers from open records"), "flag"
            ),
            Field("trace_approval", message("Before a trace is sent"), "choice", "trace_approval"),
            Field("lookup_percent", message("Look-ups, in per cent of the usual budget")),
        ),
    ),
    (
        message("What others may see"),
        (
            Field("authority_name", message("Name of the authority above every page")),
            Field(
                "published_roles",
                message("Licensees that your state publishes"),
                "boxes",
                "licensee_role",
            ),
            Field(
                "electronic_copies_with",
                message("States whose electronic copies yours accepts"),
                "boxes",
                "other_participant",
            ),
            Field("yearly_totals", message("The secretariat reads uncut yearly totals"), "flag"),
        ),
    ),
)
FIELDS: Final = tuple(field for _, fields in GROUPS for field in fields)
EMPTY: Final = {"flag": False, "boxes": [], "area": []}
"""Values of fields that the browser does not send, by widget."""


def _typed(field: Field, value: Any) -> dict[str, str]:
    """Return a setting as it is typed, by field path."""
    if field.widget == "boxes":
        return {f"{field.path}.{at}": str(each) for at, each in enumerate(value)}
    if field.widget == "area":
        return {field.path: "\n".join(map(str, value))}
    return {field.path: str(value).lower() if field.widget == "flag" else str(value)}


def _show(actor: Actor, form: Form | None) -> str:
    view = state_settings.get_settings(actor)
    if form is None:
        values, form = asdict(view.settings), Form()
        for field in FIELDS:
            form.values |= _typed(field, values[field.path])
    form.values[VERSION_FIELD] = str(view.version)
    return render_page(
        "fields_form.html",
        actor,
        title=message("Settings of your state"),
        form=form,
        groups=GROUPS,
        success=message("The settings are saved.") if request.args.get("done") else None,
    )


def _save(actor: Actor, form: Form) -> str:
    def complete(body: dict[str, Any]) -> None:
        for field in FIELDS:
            if field.widget in EMPTY:
                body.setdefault(field.path, EMPTY[field.widget])

    data = form.load(SettingsRequest(), complete)
    data = replace(data, authority_name=form.get("authority_name"))
    settings.change_settings(actor=actor, data=data, expected_version=form.expected_version)
    return url_for("account.settings_form", done="saved")


register_form(account_pages, "/settings", "settings_form", Permission.SETTING_MANAGE, _show, _save)


def _list_keys(actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[Any]:
    """Return a page of the keys of all accounts of the state."""
    require(actor, Permission.KEY_MANAGE)
    return keys.list_keys(actor, filters, limit, cursor)


KEYS: Final = DocumentPages(account_pages, "key", "/keys", message("Keys and sessions"))
KEYS.add_list(
    KeyQuery,
    _list_keys,
    context=lambda actor, page: {
        "usernames": usernames_by_id(row.account_id for row in page.items)
    },
    item=KeyResponse,
)
