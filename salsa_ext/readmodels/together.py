"""What the marks of many guns meet among those of all states, by one question for all of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text

from salsa_ext.db import NO_STATE, db
from salsa_ext.readmodels.marks import Held

MOST_BORNE: Final = 20_000


class Near(NamedTuple):
    """A mark that a form of one that is asked for leads to, and the record that bears it."""

    form: int
    record_id: UUID
    serial_norm: str


def bearing(
    keys: Collection[int], asker: str | None, *, silent: bool | None, most: int
) -> list[tuple[int, Held]]:
    """Return who holds marks of any of the keys, each with its key; no more than `most`.

    What was corrected away is left out, and the caller must heed the visibility, as that of
    `marks.holding`; `silent` means what it means there.
    """
    rows = db.session.execute(_BEARING, _asked(keys, asker, silent, most))
    return [(key, Held(*row)) for key, *row in rows]


def led_to(
    forms: Collection[int], asker: str | None, *, events: Collection[str] | None,
    silent: bool | None, most: int,
) -> list[Near]:  # fmt: skip
    """Return the marks that bear any of the forms, those of some `events` where given; as `bearing` does.

    What happened to the gun of a pointer is not asked while somebody waits (`silent` is False): what
    is done next would tell him. The worker asks for all (None).
    """
    asked = _asked(forms, asker, silent, most) | {"events": list(events) if events else None}
    return [Near(*row) for row in db.session.execute(_LED_TO, asked)]


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
            "silent": silent, "most": most}  # fmt: skip


_STANDS: Final = (
    "NOT k.is_void AND NOT k.is_superseded AND (CAST(:silent AS boolean) IS NULL"
    " OR :silent = (k.state <> :asker AND k.visibility = 'silent')) LIMIT :most"
)
_BORNE_BY: Final = text(
    f"SELECT {', '.join(f'k.{name}' for name in Held._fields)} FROM mark_key AS k"  # noqa: S608 - names of columns
    f" WHERE k.record_id = ANY(:records) AND {_STANDS}"
)
_BEARING: Final = text(
    f"SELECT k.key, {', '.join(f'k.{name}' for name in Held._fields)} FROM mark_key AS k"  # noqa: S608 - names of columns
    f" WHERE k.key = ANY(CAST(:keys AS bigint[])) AND {_STANDS}"
)
# In steps, and the keys by a query of their own: the planner would weigh each of a hundred thousand.
_LED_TO: Final = text(
    "WITH form AS MATERIALIZED (SELECT DISTINCT f.key, f.target FROM mark_form AS f"  # noqa: S608 - a constant of ours
    " WHERE f.key = ANY(ARRAY(SELECT unnest(CAST(:keys AS bigint[])))))"
    " SELECT form.key, k.record_id, k.serial_norm FROM form JOIN mark_key AS k ON k.key = form.target"
    " WHERE (CAST(:events AS text[]) IS NULL OR k.event = ANY(:events) AND"
    " (CAST(:silent AS boolean) IS NULL OR k.visibility = 'open' OR k.state = :asker))"
    f" AND {_STANDS}"
)
