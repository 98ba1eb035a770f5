"""What the marks of many guns meet among those of all states, by one question for all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from salsa_ext.db import NO_STATE, db
from salsa_ext.readmodels.marks import Held

MOST_BORNE: Final = 20_000
EACH: Final = 200
"""Holders of one mark that are read; of more than that, those that are likely are looked for by `search`."""
FORMS: Final = 10  # times as many forms as marks are read: most lead to no mark that is wanted


class Near(NamedTuple):
    """A mark that a form of one that is asked for leads to, and the record that bears it."""

    form: int
    record_id: UUID
    serial_norm: str


def bearing(
    keys: Collection[int], asker: str | None, *, silent: bool | None, most: int
) -> list[tuple[int, Held]]:
    """Return who holds marks of any of the keys, each with its key; no more than `most`, nor EACH of a key.

    What was corrected away is left out, and the caller must heed the visibility, as that of
    `marks.holding`; `silent` means what it means there.
    """
    rows = db.session.execute(_BEARING, _asked(keys, asker, silent, most))
    return [(key, Held(*row)) for key, *row in rows]


def led_to(
    forms: Collection[int], asker: str | None, *, events: Collection[str] | None,
    silent: bool | None, most: int,
) -> list[Near] | None:  # fmt: skip
    """Return the marks that bear any of the forms, those of some `events` where given; as `bearing` does.

    None where there are `most`, or ten times as many bear the forms at all: then some may be missing.
    What happened to the gun of a pointer is not asked while somebody waits (`silent` is False): what
    is done next would tell him. The worker asks for all (None).
    """
    asked = _asked(forms, asker, silent, most) | {"events": list(events) if events else None}
    rows = db.session.execute(_LED_TO, asked | {"forms": FORMS * most}).all()
    is_cut = len(rows) >= most or any(row[0] is None for row in rows)
    return None if is_cut else [Near(*row) for row in rows]


def borne_by(record_ids: Collection[UUID], asker: str | None, *, is_late: bool) -> list[Held]:
    """Return the marks of records as they stand; what others keep silent only where `is_late`.

    Few records are asked for, and by an index of theirs: those whose matches are shown or judged anew.
    """
    if not record_ids:
        return []
    asked = _asked((), asker, None if is_late else False, MOST_BORNE)
    rows = db.session.execute(_BORNE_BY, asked | {"records": list(record_ids)})
    return [Held(*row) for row in rows]


def _asked(
    keys: Collection[int], asker: str | None, silent: bool | None, most: int
) -> dict[str, Any]:
    return {"keys": "{" + ",".join(map(str, keys)) + "}", "asker": asker or NO_STATE,
            "silent": silent, "most": most, "each": EACH}  # fmt: skip


_STANDS: Final = (
    "NOT k.is_void AND NOT k.is_superseded AND (CAST(:silent AS boolean) IS NULL"
    " OR :silent = (k.state <> :asker AND k.visibility = 'silent'))"
)
_COLUMNS: Final = ", ".join(f"k.{name}" for name in Held._fields)
_BORNE_BY: Final = text(
    f"SELECT {_COLUMNS} FROM mark_key AS k"  # noqa: S608 - names of columns
    f" WHERE k.record_id = ANY(:records) AND {_STANDS} LIMIT :most"
)
_BEARING: Final = text(
    f"SELECT k.key, {_COLUMNS} FROM (SELECT unnest(CAST(:keys AS bigint[])) AS key) AS a"  # noqa: S608 - names of columns
    f" CROSS JOIN LATERAL (SELECT k.* FROM mark_key AS k WHERE k.key = a.key AND {_STANDS}"
    " ORDER BY k.mark_id LIMIT :each) AS k LIMIT :most"
)
# In steps, and the keys by a query of their own: the planner would weigh each of a hundred thousand.
# Where forms are cut, a row of nothing says so.
_LED_TO: Final = text(
    "WITH form AS MATERIALIZED (SELECT f.key, f.target FROM mark_form AS f"  # noqa: S608 - a constant of ours
    " WHERE f.key = ANY(ARRAY(SELECT unnest(CAST(:keys AS bigint[])))) LIMIT :forms)"
    " (SELECT form.key, k.record_id, k.serial_norm FROM (SELECT DISTINCT * FROM form) AS form"
    " CROSS JOIN LATERAL (SELECT k.record_id, k.serial_norm FROM mark_key AS k"
    " WHERE k.key = form.target"
    " AND (CAST(:events AS text[]) IS NULL OR k.event = ANY(:events) AND"
    " (CAST(:silent AS boolean) IS NULL OR k.visibility = 'open' OR k.state = :asker))"
    f" AND {_STANDS} LIMIT :each) AS k LIMIT :most)"
    " UNION ALL SELECT NULL, NULL, NULL WHERE (SELECT count(*) FROM form) >= :forms"
)
