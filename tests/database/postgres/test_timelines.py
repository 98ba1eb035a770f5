"""Which timeline a restore follows, where several are stored."""

from datetime import UTC, datetime, timedelta

from salsa_ext.database.postgres.restore import followed_timeline

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def segment(timeline, number):
    return f"{timeline:08X}{0:08X}{number:08X}"


def test_the_timeline_that_was_written_last_is_followed_and_not_the_newest():
    copied = {segment(2, 5): NOON, "00000002.history": NOON}
    gone_on = {segment(1, 4): NOON - timedelta(hours=1), segment(1, 6): NOON + timedelta(hours=1)}
    assert followed_timeline(copied | gone_on) == "1"
    assert followed_timeline(copied) == "2"


def test_without_a_segment_it_is_that_of_the_backup():
    assert followed_timeline({}) == "latest"
