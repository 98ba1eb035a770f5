"""Webhooks of the own state: list, add one, what was sent, and its secret."""

from functools import partial
from typing import Any, Final
from uuid import UUID

from api.schemas.exchange import WebhookQuery, WebhookRequest, WebhookResponse
from api.web.access import login_required
from api.web.document_actions import Action, Subject
from api.web.forms import Field, Form
from api.web.lists import PAGE_SIZE
from api.web.pages import account_pages
from api.web.record_pages import DocumentPages, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.exchange import webhooks

FIELDS: Final = (
    Field(
        "url",
        message("Address"),
        required=True,
        max_length=500,
        hint=message("Where messages are sent, by https, such as https://records.example/hook."),
    ),
    Field(
        "kinds",
        message("Objects whose changes are sent"),
        "boxes",
        "webhook_kind",
        hint=message("A message says that an object changed, and nothing of what is in it."),
    ),
)
ManageAction = partial(
    Action, schema=None, permission=Permission.WEBHOOK_MANAGE, statuses=("active", "disabled")
)
ACTIONS: Final = (
    ManageAction(
        "test",
        message("Send a test"),
        message("It is sent at once; the list of messages shows what was answered."),
        command=webhooks.send_test,
        statuses=("active",),
        success=message("The test is sent."),
        is_versioned=False,
        is_main=True,
    ),
    ManageAction(
        "rotate",
        message("Renew the secret"),
        message("For a day both secrets sign, so that your system can change over."),
        command=webhooks.rotate_webhook,
        success=message("The secret is renewed."),
    ),
    ManageAction(
        "enable",
        message("Enable"),
        message("What waited is sent as well."),
        command=webhooks.enable_webhook,
        statuses=("disabled",),
        success=message("Messages are sent again."),
        is_main=True,
    ),
    ManageAction(
        "disable",
        message("Disable"),
        message("Nothing is sent until you enable it."),
        command=webhooks.disable_webhook,
        statuses=("active",),
        success=message("Nothing more is sent."),
    ),
    ManageAction(
        "remove",
        message("Remove"),
        message("What waits for it is not sent."),
        command=webhooks.remove_webhook,
        success=message("The webhook is removed."),
        is_destructive=True,
    ),
)


def _find(actor: Actor, webhook_id: UUID) -> Subject:
    webhook = webhooks.get_webhook(actor, webhook_id)
    return Subject(webhook, webhook.url, webhook.owner_state, webhook.status)


def _show_form(actor: Actor, form: Form | None) -> dict[str, Any]:
    return {"form": form or Form(), "fields": FIELDS}


def _add(actor: Actor, form: Form) -> str:
    return PAGES.address(webhooks.add_webhook(actor=actor, data=form.load(WebhookRequest())))


def _replay(delivery_id: UUID) -> Action:
    def replay(*, actor: Actor, webhook_id: UUID) -> None:
        webhooks.replay_delivery(actor=actor, webhook_id=webhook_id, delivery_id=delivery_id)

    return ManageAction(
        "replay",
        message("Send again"),
        message("It has the same id, so a system that has it already drops it."),
        command=replay,
        statuses=("active",),
        is_versioned=False,
    )


PAGES = DocumentPages(
    account_pages,
    "webhook",
    "/webhooks",
    message("Webhooks"),
    _find,
    ACTIONS,
    {"replay": message("The message is sent again.")},
)
PAGES.add_list(WebhookQuery, webhooks.list_webhooks, item=WebhookResponse)
PAGES.add_form(Permission.WEBHOOK_MANAGE, _show_form, _add)
PAGES.add_detail(
    lambda actor, subject: {
        "rows": webhooks.list_deliveries(actor, {}, PAGE_SIZE, None, subject.view.id).items
    }
)
PAGES.add_part_action("deliveries/<uuid:delivery_id>", "replay", _replay)


@account_pages.get("/webhooks/<uuid:webhook_id>/secret")
@login_required
def webhook_secret(actor: Actor, webhook_id: UUID) -> str:
    """Show the secret by which a receiver verifies signatures."""
    subject = PAGES.find(actor, webhook_id)
    return render_page(
        "account/webhook_secret.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        secret=webhooks.read_secret(actor, webhook_id),
    )
