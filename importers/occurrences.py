"""Counts of the texts of a file."""

import sqlite3


class Occurrences:
    """Counts of texts in a file of any length, by their 64-bit hash, on disk where they are many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("CREATE TABLE occurrence (text INTEGER PRIMARY KEY, count, row)")
        self._database.execute("BEGIN")

    def add(self, text: str, row: int = 0) -> tuple[int, int]:
        """Count a text; return how often it came so far, and the row of the first."""
        key = hash(text)
        if self._database.execute(
            "INSERT OR IGNORE INTO occurrence VALUES (?, 1, ?)", (key, row)
        ).rowcount:
            return 1, row
        query = "UPDATE occurrence SET count = count + 1 WHERE text = ? RETURNING count, row"
        [counted] = self._database.execute(query, (key,)).fetchall()
        return counted[0], counted[1]

    def count(self, text: str) -> int:
        """Return how often a text came."""
        row = self._database.execute(
            "SELECT count FROM occurrence WHERE text = ?", (hash(text),)
        ).fetchone()
        return row[0] if row else 0
