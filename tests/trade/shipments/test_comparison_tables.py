"""What the database sets aside changes nothing of what a comparison in memory finds."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.trade.receipts import reconciliation
from salsa_ext.trade.receipts.reconciliation import ReceivedSerial, ShippedSerial
from tests.support.sizes import drawn

SERIALS = st.text("AB01O-", min_size=1, max_size=4)
LINES, MAKES = st.sampled_from((1, 2)), st.sampled_from((None, "rossi", "taurus"))
SENT = st.lists(st.tuples(SERIALS, LINES, MAKES), max_size=12)
RECEIVED = st.lists(st.tuples(SERIALS, st.one_of(st.none(), LINES), MAKES), max_size=12)


@drawn(40, 150)
@given(sent=SENT, received=RECEIVED)
def test_it_finds_what_is_found_in_memory(session, sent, received):
    guns = [ShippedSerial(UUID(int=n), *gun) for n, gun in enumerate(sent)]
    read = [ReceivedSerial(*item) for item in received]
    whole, found = (
        reconciliation.pair_serials(guns, read),
        reconciliation.compare_serials(guns, read),
    )
    assert named(found) == named(whole)
    assert found.surplus == whole.surplus


def named(found):
    return [gun.key for gun in found.missing], [(gun.key, read) for gun, read in found.miskeyed]


def test_what_is_read_for_it_may_ask_the_database(session):
    def guns():
        for n in range(5_000):
            yield ShippedSerial(UUID(int=n), f"SN{n:06}")

    found = reconciliation.compare_serials(
        guns(), (ReceivedSerial(gun.serial) for gun in list(guns())[1:])
    )
    assert [gun.serial for gun in found.missing] == ["SN000000"]
    assert (found.arrived, found.miskeyed, found.surplus) == ([], [], [])
