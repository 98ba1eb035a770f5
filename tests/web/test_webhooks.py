"""Pages of webhooks: an administrator adds one, reads its secret, tests it and sends again."""

import pytest

from salsa_ext.exchange import webhook_sending

URL = "https://192.0.2.1/hook"  # of no network


@pytest.fixture
def administrator(signed_in):
    return signed_in("BRA", "state_administrator")


@pytest.fixture
def webhook(administrator):
    """The address of a webhook that was added on its page."""
    return administrator.send("/webhooks/new", {"url": URL, "kinds": "seizure"}).location


def test_a_webhook_is_added_and_its_secret_read_on_its_own_page(administrator, webhook):
    page = administrator.open(webhook)
    assert URL in page and "whsec_" not in page
    assert webhook_sending.PREFIX in administrator.open(f"{webhook}/secret")
    assert URL in administrator.open("/webhooks")


def test_a_test_shows_what_was_answered_and_is_sent_again(administrator, webhook):
    administrator.send(f"{webhook}/test", {})
    page = administrator.open(webhook)
    assert "refused_address" in page and "Waiting" in page


def test_others_have_no_such_page(signed_in, webhook):
    signed_in("BRA", "police_officer").open(webhook, 403)
