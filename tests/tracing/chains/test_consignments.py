"""A gun from a state that licenses on paper: the importing state recorded that it was sent."""

import pytest

from tests.support.chains import built, event


@pytest.mark.parametrize(
    "status,kind", [("received_short", "short_receipt"), ("overdue", "never_arrived")]
)
def test_what_did_not_arrive_was_shipped_by_the_other_state(status, kind):
    sent = event("consignment", "2024-02-01", counterpart_state="AUT", shipment_status=status)
    diversion = built(sent).point_of_diversion
    assert diversion["diversion_kind"] == kind
    why = diversion["why"].params
    assert (why["state"], why["partner"]) == ("AUT", "PRY")


def test_a_chain_that_begins_with_a_consignment_is_complete():
    sent = event("consignment", "2024-02-01", counterpart_state="AUT")
    entered = event("import", "2024-02-05", counterpart_state="AUT")
    sold = event("domestic_sale", "2024-03-01")
    assert built(sent, entered, sold).is_complete
