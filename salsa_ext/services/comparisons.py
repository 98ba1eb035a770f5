"""What was sent beside what was received, however many they are: the database sets equal ones aside.

Only what is left of both sides is compared in memory (`matching.manifests`), with the same result as
if all of it were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, text

from salsa_ext.db import db, fill
from salsa_ext.matching import manifests
from salsa_ext.matching.manifests import Arrived, Comparison, Sent
from salsa_ext.matching.marks import normalise


def _temporary(name: str, *columns: Column[Any]) -> Table:
    of_both = (Column("place", Integer), Column("line", Integer), Column("make", Text),
               Column("serial", Text), Column("norm", Text))  # fmt: skip
    return Table(name, MetaData(), *of_both, *columns, prefixes=["TEMP"],
                 postgresql_on_commit="DELETE ROWS")  # fmt: skip


SENT: Final = _temporary("compared_sent", Column("id", Uuid))
RECEIVED: Final = _temporary("compared_received")
PAIRED: Final = Table("compared_pair", MetaData(), Column("sent", Integer),
                      Column("received", Integer), prefixes=["TEMP"],
                      postgresql_on_commit="DELETE ROWS")  # fmt: skip

# A serial that stands once on each side is the same gun whatever the order; of the others the
# order decides, and they are compared in memory. One grouping and no join: how many groups have one
# row nobody can estimate, and a wrong guess would compare each with each.
PAIR: Final = text("""
    INSERT INTO compared_pair (sent, received)
    SELECT min(place) FILTER (WHERE is_sent), min(place) FILTER (WHERE NOT is_sent)
    FROM (SELECT norm, place, line, make, true AS is_sent FROM compared_sent
          UNION ALL SELECT norm, place, line, make, false FROM compared_received) AS both_sides
    GROUP BY norm
    HAVING count(*) = 2 AND count(*) FILTER (WHERE is_sent) = 1
       AND (min(line) FILTER (WHERE NOT is_sent) IS NULL
            OR min(line) FILTER (WHERE NOT is_sent) = min(line) FILTER (WHERE is_sent))
       AND (min(make) FILTER (WHERE NOT is_sent) IS NULL
            OR min(make) FILTER (WHERE NOT is_sent) = min(make) FILTER (WHERE is_sent))
""")
COUNT: Final = text("SELECT count(*) FROM compared_pair")
LEFT: Final = text("""
    SELECT id, serial, line, make, place FROM compared_sent
    WHERE NOT EXISTS (SELECT FROM compared_pair WHERE sent = place) ORDER BY place
""")
OVER: Final = text("""
    SELECT read.serial, read.line, read.make, read.place, last.received, last.sent
    FROM (SELECT r.*, p.received AS own, max(p.received) OVER (ORDER BY r.place) AS before
          FROM compared_received r LEFT JOIN compared_pair p ON p.received = r.place) read
    LEFT JOIN compared_pair last ON last.received = read.before
    WHERE read.own IS NULL ORDER BY read.place
""")


def compare(sent: Iterable[Sent], received: Iterable[Arrived]) -> Comparison:
    """Return what `matching.manifests.compare` does; of what arrived as it was sent, only a part.

    The keys of what was sent are ids.
    """
    fill(SENT, _rows(sent, True))
    fill(RECEIVED, _rows(received, False))
    fill(PAIRED, ())
    db.session.execute(PAIR)
    paired = db.session.scalar(COUNT) or 0
    left = [Sent(row.id, row.serial, row.line, row.make, row.place)
            for row in db.session.execute(LEFT)]  # fmt: skip
    over = [
        Arrived(row.serial, row.line, row.make, row.place,
                (-1, -1) if row.received is None else (row.received, row.sent))
        for row in db.session.execute(OVER)
    ]  # fmt: skip
    found = manifests.compare(left, over)
    found.equal, found.sent, found.received = (
        count + paired for count in (found.equal, found.sent, found.received)
    )
    return found


def _rows(items: Iterable[Sent | Arrived], has_ids: bool) -> Iterator[dict[str, Any]]:
    for place, item in enumerate(items):
        row = {"place": place, "line": item.line, "make": item.make, "serial": item.serial,
               "norm": normalise(item.serial)}  # fmt: skip
        yield row | ({"id": item.key} if isinstance(item, Sent) else {})
