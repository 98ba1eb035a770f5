"""Counts of the texts of a file."""

from __future__ import annotations

import hashlib
import sqlite3


class Occurrences:
    """Counts of texts in a file of any length, on disk where they are many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(
            "CREATE TABLE seen (text BLOB PRIMARY KEY, count, row) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def add(self, text: str, row: int = 0) -> tuple[int, int]:
        """Count a text; return how often it came so far, and the row of the first."""
        key = hashlib.blake2b(text.encode(), digest_size=12).digest()
        query = "INSERT INTO seen VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1"
        [counted] = self._database.execute(f"{query} RETURNING count, row", (key, row)).fetchall()
        return counted[0], counted[1]

    def count(self, text: str) -> int:
        """Return how often a text came."""
        key = hashlib.blake2b(text.encode(), digest_size=12).digest()
        row = self._database.execute("SELECT count FROM seen WHERE text = ?", (key,)).fetchone()
        return row[0] if row else 0
