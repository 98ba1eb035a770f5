"""Accounts of the own state: list, open one, confirm, close; links of wall displays."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import url_for

from api.schemas.access import AccountQuery, AccountRequest, AccountResponse
from api.web import submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.document_actions import Action, Subject
from api.web.forms import VERSION_FIELD, Field, Form
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import accounts, recovery
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message

FIELDS: Final = (
    Field(
        "username",
        message("User name"),
        required=True,
        max_length=100,
        hint=message(
            "After your state's three letters: a to z without accents, digits, dots, hyphens. No"
            " blanks: rosa.benitez."
        ),
    ),
    Field("role", message("Role"), "choice", "role", required=True),
    Field("agency", message("Agency"), "choice", "own_agency", required=True),
    Field("post", message("Border post of the display"), "choice", "post", blank=message("None")),
)
ACTIONS: Final = (
    Action(
        "close",
        message("Close the account"),
        message(
            "It can no longer sign in, and its keys and sessions end at once. Its acts stay in the audit."
        ),
        None,
        accounts.close_account,
        Permission.ACCOUNT_MANAGE,
        ("active", "waiting"),
        success=message("The account is closed."),
        is_destructive=True,
    ),
    Action(
        "cancel-recovery",
        message("Cancel the recovery"),
        message(
            "The account stays as it is. The part of the password that was shown opens nothing."
        ),
        None,
        recovery.cancel_recovery,
        Permission.ACCOUNT_CONFIRM,
        ("active",),
        success=message("The recovery is cancelled."),
        is_destructive=True,
        obstacle=lambda actor, account: (
            None
            if account.recovery_by
            else message("No recovery of {username} waits.", username=account.username)
        ),
    ),
)


def find(actor: Actor, account_id: UUID) -> Subject:
    """Return an account with its status."""
    account = accounts.get_account(actor, account_id)
    waits = account.opened_by is not None
    status = "waiting" if waits else "active" if account.is_active else "closed"
    return Subject(account, account.username, account.owner_state, status)


def _version_form(account: Any) -> Form:
    """Return the form of a button: the version that the page shows."""
    return Form({VERSION_FIELD: str(account.version)})


PAGES = DocumentPages(account_pages, "account", "/accounts", message("Accounts"), find, ACTIONS)
PAGES.add_list(
    AccountQuery,
    accounts.list_accounts,
    (Field("role", message("Role"), "choice", "role"),),
    lambda actor, page: {
        "protected": accounts.find_protected(actor, [row.id for row in page.items])
    },
    item=AccountResponse,
)
PAGES.add_detail(
    lambda actor, subject: {
        "form": _version_form(subject.view),
        "has_factor": accounts.has_second_factor(actor, subject.view.id),
    }
)


@account_pages.get("/accounts/new")
@login_required
def account_form(actor: Actor) -> str:
    """Show the form of a new account."""
    return _show_form(actor, Form({"username": f"{(actor.state or '').lower()}."}))


@account_pages.post("/accounts/new")
@login_required_for_form
def open_account(actor: Actor) -> Any:
    """Open an account and show its first password, or its link, this once."""
    form = submission.read_form()

    def run() -> tuple[UUID, str]:
        return accounts.open_account(actor=actor, data=form.load(AccountRequest()))

    return _show_secret(actor, form, run, lambda: _show_form(actor, form))


@account_pages.post("/accounts/<uuid:account_id>/confirm-now")
@login_required_for_form
def confirm_account(actor: Actor, account_id: UUID) -> Any:
    """Confirm an account of another person and show the second part of its password, this once."""
    form = submission.read_form()

    def run() -> tuple[UUID, str]:
        _, part = accounts.confirm_account(
            actor=actor, account_id=account_id, expected_version=form.expected_version
        )
        return account_id, part

    return _show_secret(actor, form, run, lambda: _show_account(actor, account_id, form))


@account_pages.post("/accounts/<uuid:account_id>/recovery")
@login_required_for_form
def recover(actor: Actor, account_id: UUID) -> Any:
    """Begin a recovery, or approve that of another person, and show a part of the password, this once."""
    form = submission.read_form()

    def run() -> tuple[UUID, str]:
        is_begun = accounts.get_account(actor, account_id).recovery_by is not None
        act = recovery.approve_recovery if is_begun else recovery.begin_recovery
        _, part = act(actor=actor, account_id=account_id, expected_version=form.expected_version)
        return account_id, part

    return _show_secret(actor, form, run, lambda: _show_account(actor, account_id, form))


@account_pages.post("/accounts/<uuid:account_id>/link-now")
@login_required_for_form
def issue_link(actor: Actor, account_id: UUID) -> Any:
    """Issue a new link for a display and show it, this once."""
    form = submission.read_form()

    def run() -> tuple[UUID, str]:
        require(actor, Permission.ACCOUNT_MANAGE)
        username = accounts.load_account(account_id).username
        return account_id, accounts.issue_link(actor=actor, username=username)

    return _show_secret(actor, form, run, lambda: _show_account(actor, account_id, form))


def _show_secret(
    actor: Actor, form: Form, run: Callable[[], tuple[UUID, str]], show: Callable[[], str]
) -> Any:
    """Run a command and show the account with the secret; the form again if it was refused."""
    results: list[tuple[UUID, str]] = []

    def submit() -> str:
        results.append(run())
        return PAGES.address(results[0][0])

    done = submission.submit(form, actor, submit)
    if done is None:
        return render_again(actor, show), form.status
    if not results:  # sent twice
        return done
    return render_again(actor, lambda: _show_account(actor, results[0][0], form, results[0][1]))


def _show_form(actor: Actor, form: Form) -> str:
    require(actor, Permission.ACCOUNT_MANAGE)
    return render_page(
        "fields_form.html",
        actor,
        trail=PAGES.trail,
        title=message("Open an account"),
        lead=message(
            "The first password is shown once. Where a second person has to confirm an account, its"
            " page says so."
        ),
        form=form,
        fields=FIELDS if form.get("role") == accounts.DISPLAY else FIELDS[:-1],
    )


def _show_account(actor: Actor, key: UUID, form: Form, secret: str | None = None) -> str:
    subject = PAGES.find(actor, key)
    is_link = subject.view.role == accounts.DISPLAY
    if secret and is_link:
        secret = url_for("border.wall", link=secret, _external=True)
    has_factor = accounts.has_second_factor(actor, key)
    return PAGES.render_detail(actor, subject, form=form, secret=secret, has_factor=has_factor)
