"""Many ids in one statement: as one array, which PostgreSQL reads faster than so many parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, bindparam, literal
from sqlalchemy.dialects.postgresql import ARRAY


def among(column: Any, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Return the condition that a column is one of the ids; never true where there are none."""
    is_one: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(Uuid)))
    return is_one


def among_given(column: Any, name: str = "ids") -> ColumnElement[bool]:
    """Return the condition that a column is one of the ids given by that name when the query is run.

    For a query that is made once: to make one anew takes as long as to run it.
    """
    is_one: ColumnElement[bool] = column == any_(bindparam(name, type_=ARRAY(Uuid)))
    return is_one
