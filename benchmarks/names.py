"""How well makes and calibres are read: against a cleaned file, and a sample checked by hand."""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import pairs
from salsa_ext.readmodels import names

SAMPLE = Path(__file__).parents[1] / "tests" / "data" / "names_sample.csv"
COLUMNS = {"make": pairs.MAKE, "calibre": pairs.CALIBRE}
BINS = (1.0, 0.95, 0.9, 0.8, 0.6, 0.3, 0.0)


@dataclass
class Tally:
    """What became of the texts of one kind: how many, and examples of each class."""

    classes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bins: dict[float, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, kind: str, text: str, code: str | None, count: int = 1) -> None:
        """Judge one text whose right code is known; None where it names none."""
        best = (names.candidates(kind, text, 1) or [None])[0]
        certain, likely = names.resolve(kind, text), best.code if best else None
        name = _class(code, certain, likely, best.how if best else "")
        self.classes[name] += count
        self.examples[name][f"{text} → {certain or likely or '–'}, right: {code or '–'}"] += count
        if best:
            within = next(least for least in BINS if best.sureness >= least)
            self.bins[within][likely == code] += count


def _class(code: str | None, certain: str | None, likely: str | None, how: str) -> str:
    if certain:
        return "certain: right" if certain == code else "certain: wrong"
    if not code:
        return "none: only a candidate" if likely else "none: nothing said"
    if likely == code:
        return "importer: named as such" if how == "importer" else "candidate: right"
    return "candidate: wrong" if likely else "candidate: none"


def run(folder: Path, shown: int) -> None:
    """Print precision, recall, classes and times."""
    found = pairs.read(folder)
    print(f"{len(found.rows):,} pairs of rows; {found.shifted} shifted rows and {found.unpaired}"
          " others without a sure twin are left out")  # fmt: skip
    for kind, column in COLUMNS.items():
        _against_cleaned(kind, [(a[column], b[column]) for a, b in found.rows], shown)
    sample = list(csv.DictReader(SAMPLE.read_text("utf-8").splitlines()))
    for kind in COLUMNS:
        tally = Tally()
        for row in sample:
            if text := row[f"{kind}_text"]:
                tally.add(kind, text, row[kind] or None)
        _show(f"{kind}, {len(sample)} rows of the hand-checked sample", tally, shown)
    _time([row["make_text"] for row in sample])


def _against_cleaned(kind: str, texts: Iterable[tuple[str, str]], shown: int) -> None:
    """Judge what the cleaning changed: there the cleaned text is certain, it says the right code."""
    changed, everything, unread = Tally(), Counter[str](), Counter[str]()
    for (raw, cleaned), count in Counter(texts).items():
        if raw in pairs.EMPTY:
            everything["empty"] += count
            continue
        everything["read with certainty" if names.resolve(kind, raw) else "not certain"] += count
        if raw != cleaned and (code := names.resolve(kind, cleaned)):
            changed.add(kind, raw, code, count)
        elif raw != cleaned:
            unread[f"{raw} → {cleaned}"] += count
    print(f"\n{kind}: all rows: " + ", ".join(f"{n:,} {name}" for name, n in everything.items()))
    print(f"  changed, but the cleaned text is not certain either: {unread.total()}:"
          f" {_examples(unread, shown)}")  # fmt: skip
    _show(f"{kind}, rows whose spelling the cleaning changed", changed, shown)


def _show(title: str, tally: Tally, shown: int) -> None:
    count = tally.classes
    coded = sum(n for name, n in count.items() if not name.startswith(("none", "importer")))
    right, wrong = count["certain: right"], count["certain: wrong"]
    also = right + count["candidate: right"]
    answered = also + wrong + count["candidate: wrong"] + count["none: only a candidate"]
    print(f"\n{title}: {count.total():,}")
    print(
        f"  certain         precision {_share(right, right + wrong)}  recall {_share(right, coded)}"
    )
    print(f"  best candidate  precision {_share(also, answered)}  recall {_share(also, coded)}")
    for name, number in sorted(count.items()):
        print(f"  {number:>6,}  {name}: {_examples(tally.examples[name], shown)}")
    print("  right by sureness: " + ", ".join(
        f"≥ {least}: {_share(hits[True], hits.total())} of {hits.total():,}"
        for least, hits in sorted(tally.bins.items(), reverse=True)))  # fmt: skip


def _examples(found: Counter[str], shown: int) -> str:
    return "; ".join(f"{text} ({n})" if n > 1 else text for text, n in found.most_common(shown))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _time(texts: list[str]) -> None:
    """Print how long a name that is in memory takes, and what is like a new one."""
    kept = _each(lambda text: names.resolve("make", text), texts * 200)
    new = _each(lambda text: names.candidates("make", text), [f"{text} Qx" for text in texts])
    print(f"\nresolve, in memory: {kept * 1e6:.2f} µs; candidates, new: {new * 1e3:.2f} ms")


def _each(way: Callable[[str], object], texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        way(text)
    return (time.perf_counter() - began) / len(texts)
