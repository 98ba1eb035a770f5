"""Baselines of the search: trigrams, full scan, full-text index, oracle."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import text

from benchmarks.marks import Gun, MarkQuery
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.keys import skeleton

MAX_RESULTS: Final = 10
ERRORS: Final = {
    "substitution": 1,
    "deletion": 1,
    "insertion": 1,
    "transposition": 1,
    "two errors": 2,
}

Find = Callable[[MarkQuery], list[int]]

TRIGRAMS = text("""
    SELECT place FROM bench_trigram WHERE serial % :read AND similarity(serial, :read) >= 0.3
    ORDER BY similarity(serial, :read) DESC,
        coalesce((make = :make)::int, 0) + coalesce((calibre = :calibre)::int, 0) DESC LIMIT 10
""")


def find_by_trigrams(query: MarkQuery) -> list[int]:
    """Search with pg_trgm and a GIN index, without wildcards."""
    read = re.sub(r"[?*]", "", query.read)
    given = {"read": read, "make": query.make, "calibre": query.calibre}
    return list(db.session.scalars(TRIGRAMS, given))


class FullScan:
    """All serials in memory, with a full scan and an oracle."""

    def __init__(self, guns: Sequence[Gun]) -> None:
        self._held = guns
        self._serials = [gun.serial for gun in guns]
        self._folded = [skeleton(serial) for serial in self._serials]

    def rapidfuzz(self, query: MarkQuery) -> list[int]:
        """Rank by optimal string alignment on the skeleton, make, calibre."""
        read = skeleton(re.sub(r"[?*]", "", query.read))
        near = process.extract(read, self._folded, scorer=OSA.distance, score_cutoff=3, limit=200)
        ranked = sorted(near, key=lambda near_one: (near_one[1], -self._named(query, near_one[2])))
        return [place for _, _, place in ranked[:MAX_RESULTS]]

    def oracle(self, query: MarkQuery) -> list[int]:
        """Search with knowledge of the corruption; ties in order."""
        places = self._possible(query)
        return sorted(places, key=lambda at: -self._named(query, at))[:MAX_RESULTS]

    def _possible(self, query: MarkQuery) -> list[int]:
        if errors := ERRORS.get(query.corruption):
            near = process.extract(
                query.read, self._serials, scorer=OSA.distance, score_cutoff=errors, limit=None
            )
            by = {"deletion": 1, "insertion": -1, "substitution": 0, "transposition": 0}
            longer = by.get(query.corruption)
            return [
                at
                for serial, distance, at in near
                if distance == errors and longer in (None, len(serial) - len(query.read))
            ]
        if query.corruption == "clean":
            return [at for at, serial in enumerate(self._serials) if serial == query.read]
        if query.corruption.startswith("confusable"):
            folded = skeleton(query.read)
            return [at for at, other in enumerate(self._folded) if other == folded]
        return self._by_pattern(query)

    def _by_pattern(self, query: MarkQuery) -> list[int]:
        if query.corruption == "prefix dropped":
            pattern = re.compile(f"[A-Z]+{query.read}")
        else:
            pattern = re.compile(query.read.replace("?", ".").replace("*", ".*"))
        half = len(query.read) - 1
        return [
            at
            for at, serial in enumerate(self._serials)
            if pattern.fullmatch(serial)
            and (query.corruption != "half" or (len(serial) + 1) // 2 == half)
        ]

    def _named(self, query: MarkQuery, at: int) -> float:
        """Return the agreement of make and calibre; 5 % are wrong."""
        gun = self._held[at]
        return (query.make == gun.make) * 2 + (query.calibre == gun.calibre)


class FullTextIndex:
    """Tantivy index in memory: fuzzy terms, distance two."""

    def __init__(self, guns: Sequence[Gun]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("serial", tokenizer_name="raw")
        builder.add_text_field("make", tokenizer_name="raw")
        builder.add_text_field("calibre", tokenizer_name="raw")
        builder.add_unsigned_field("place", stored=True)
        self._schema = builder.build()
        index = tantivy.Index(self._schema)
        writer = index.writer(200_000_000, 1)
        for place, gun in enumerate(guns):
            writer.add_document(
                tantivy.Document(serial=gun.serial, make=gun.make, calibre=gun.calibre, place=place)
            )
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def find(self, mark_query: MarkQuery) -> list[int]:
        """Search by fuzzy terms, or by pattern for unread characters."""
        query: Any = self._serial(mark_query.read)
        should = [(tantivy.Occur.Must, query)]
        for name, value in (("make", mark_query.make), ("calibre", mark_query.calibre)):
            if value:
                term = tantivy.Query.term_query(self._schema, name, value)
                should.append((tantivy.Occur.Should, term))
        hits = self._searcher.search(tantivy.Query.boolean_query(should), MAX_RESULTS).hits
        return [self._searcher.doc(address)["place"][0] for _, address in hits]

    def _serial(self, read: str) -> Any:
        if "?" in read or "*" in read:
            pattern = read.replace("?", ".").replace("*", ".*")
            return tantivy.Query.regex_query(self._schema, "serial", pattern)
        either = [
            (
                tantivy.Occur.Should,
                tantivy.Query.fuzzy_term_query(
                    self._schema, "serial", read, distance=distance, transposition_cost_one=True
                ),
            )
            for distance in (1, 2)
        ]
        either.append(
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(
                    tantivy.Query.term_query(self._schema, "serial", read), 4.0
                ),
            )
        )
        return tantivy.Query.boolean_query(either)
