"""What was shipped and what was received are paired serial by serial, mis-keyed ones too."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.trade.receipts.reconciliation import ReceivedSerial, ShippedSerial, pair_serials


def manifest(*serials, line=1, make=None):
    return [
        ShippedSerial(f"{line}-{make}-{n}", serial, line, make) for n, serial in enumerate(serials)
    ]


def compared(sent, *received):
    found = pair_serials(
        sent, [row if isinstance(row, ReceivedSerial) else ReceivedSerial(row) for row in received]
    )
    return (
        [gun.serial for gun in found.arrived],
        [(gun.serial, serial) for gun, serial in found.miskeyed],
        [gun.serial for gun in found.missing],
        found.surplus,
    )


def test_equal_serials_arrived_however_they_are_written():
    assert compared(manifest("AB-123", "AB 124"), "ab124", "AB.123") == (
        ["AB-123", "AB 124"],
        [],
        [],
        [],
    )


@pytest.mark.parametrize("read", ["TKA5239", "TKA523900", "TKA52930", "TKA5239I", "TKAS239O"])
def test_a_mis_keyed_serial_is_one_mismatch(read):
    assert compared(manifest("TKA52390", "ZZZ00001"), read, "ZZZ00001") == (
        ["ZZZ00001"],
        [("TKA52390", read)],
        [],
        [],
    )


def test_three_edits_are_two_guns():
    assert compared(manifest("TKA52390"), "TKA52777") == ([], [], ["TKA52390"], ["TKA52777"])


def test_each_gun_is_paired_once():
    assert compared(manifest("AAA111"), "AAA112", "AAA113") == (
        [],
        [("AAA111", "AAA112")],
        [],
        ["AAA113"],
    )


def test_a_confused_glyph_is_nearer_than_another_edit():
    assert compared(manifest("AB1234", "AB1230"), "AB123O")[1] == [("AB1230", "AB123O")]


def test_among_equally_near_ones_the_place_decides():
    sent = manifest("AB100", "AB101", "AB102", "AB103", "AB104")
    assert compared(sent, "AB100", "AB10X", "AB102", "AB10Y", "AB104")[1] == [
        ("AB101", "AB10X"),
        ("AB103", "AB10Y"),
    ]


def test_a_serial_read_twice_is_a_neighbour_mis_keyed():
    assert compared(manifest("AB100", "AB101"), "AB100", "AB100")[1] == [("AB101", "AB100")]


def test_one_serial_of_two_makes_arrives_twice():
    sent = manifest("777", make="taurus") + manifest("777", make="rossi", line=2)
    assert compared(sent, "777", "777") == (["777", "777"], [], [], [])
    assert compared(sent, "777")[2] == ["777"]


@pytest.mark.parametrize(
    "read,arrived",
    [
        (ReceivedSerial("777", line=2), ("2-rossi-0",)),
        (ReceivedSerial("777", make="taurus"), ("1-taurus-0",)),
    ],
)
def test_line_and_make_tell_equal_serials_apart(read, arrived):
    sent = manifest("777", make="taurus") + manifest("777", make="rossi", line=2)
    assert tuple(gun.key for gun in pair_serials(sent, [read]).arrived) == arrived


def test_who_gives_a_line_is_served_before_who_gives_none():
    sent = manifest("777", line=1) + manifest("777", line=2)
    found = pair_serials(sent, [ReceivedSerial("777"), ReceivedSerial("777", line=1)])
    assert len(found.arrived) == 2


def test_fifty_missing_and_twenty_mis_keyed_of_a_hundred_thousand_are_named():
    serials = [f"SN{number:07}" for number in range(100_000)]
    missing = serials[500::2000]
    miskeyed = {serial: f"{serial[:4]}X{serial[5:]}" for serial in serials[123::5000]}
    gone = set(missing)
    received = [ReceivedSerial(miskeyed.get(each, each)) for each in serials if each not in gone]
    began = time.process_time()
    found = pair_serials([ShippedSerial(n, each) for n, each in enumerate(serials)], received)
    assert time.process_time() - began < 30
    assert [gun.serial for gun in found.missing] == missing
    assert len(missing) == 50
    assert {gun.serial: read for gun, read in found.miskeyed} == miskeyed
    assert len(miskeyed) == 20
    assert found.surplus == []


def test_a_manifest_of_other_goods_is_not_compared_gun_by_gun():
    sent = [ShippedSerial(n, f"A{n:06}") for n in range(5_000)]
    found = pair_serials(sent, [ReceivedSerial(f"B{n:06}") for n in range(5_000)])
    assert (len(found.missing), len(found.surplus)) == (5_000, 5_000)


SERIALS = st.lists(st.text("AB01O-", min_size=1, max_size=5), max_size=8)


@given(SERIALS, SERIALS)
def test_every_gun_and_every_serial_is_accounted_for_once(sent, received):
    found = pair_serials(manifest(*sent), [ReceivedSerial(serial) for serial in received])
    whole = [*found.arrived, *found.missing, *(gun for gun, _ in found.miskeyed)]
    assert Counter(gun.serial for gun in whole) == Counter(sent)
    assert len(found.arrived) + len(found.miskeyed) + len(found.surplus) == len(received)


@given(SERIALS, SERIALS, st.randoms())
def test_how_many_arrived_does_not_depend_on_the_order_of_the_receipt(sent, received, random):
    mixed = random.sample(received, len(received))
    first, again = (
        pair_serials(manifest(*sent), [ReceivedSerial(serial) for serial in order])
        for order in (received, mixed)
    )
    assert len(first.arrived) == len(again.arrived)
