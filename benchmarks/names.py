"""Recognition of makes and calibres, against a cleaned file and a sample."""

import csv
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from salsa_ext.reference import names

SAMPLE_FILE = Path(__file__).parents[1] / "tests" / "data" / "names_sample.csv"
APPLICATION, MAKE, MODEL, NUMBER, CALIBRE, BARREL = 1, 2, 3, 4, 5, 7
COLUMN_BY_KIND = {"make": MAKE, "calibre": CALIBRE}
BINS = (1.0, 0.95, 0.9, 0.8, 0.6, 0.3, 0.0)


@dataclass
class Tally:
    """Results of the texts of one kind: counts and examples by class."""

    classes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    bins: dict[float, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, kind: str, text: str, code: str | None, count: int = 1) -> None:
        """Judge a text with its correct code, None for no code."""
        best = (names.find_candidates(kind, text, 1) or [None])[0]
        certain, likely = names.resolve(kind, text), best.code if best else None
        name = _classify(code, certain, likely, best.how if best else "")
        self.classes[name] += count
        self.examples[name][f"{text} → {certain or likely or '–'}, right: {code or '–'}"] += count
        if best:
            within = next(least for least in BINS if best.confidence >= least)
            self.bins[within][likely == code] += count


def _classify(code: str | None, certain: str | None, likely: str | None, how: str) -> str:
    if certain:
        return "certain: right" if certain == code else "certain: wrong"
    if not code:
        return "none: only a candidate" if likely else "none: no suggestion"
    if likely == code:
        return "importer: named as such" if how == "importer" else "candidate: right"
    return "candidate: wrong" if likely else "candidate: none"


def run(folder: Path, limit: int) -> None:
    """Print precision, recall, classes and times."""
    pairs = read_pairs(folder)
    print(
        f"{len(pairs.rows):,} pairs of rows; {pairs.shifted} shifted rows and {pairs.unpaired}"
        " others without a sure twin are left out"
    )
    for kind, column in COLUMN_BY_KIND.items():
        _against_cleaned(kind, [(a[column], b[column]) for a, b in pairs.rows], limit)
    sample = list(csv.DictReader(SAMPLE_FILE.read_text("utf-8").splitlines()))
    for kind in COLUMN_BY_KIND:
        tally = Tally()
        for row in sample:
            if text := row[f"{kind}_text"]:
                tally.add(kind, text, row[kind] or None)
        _print_tally(f"{kind}, {len(sample)} rows of the hand-checked sample", tally, limit)
    _print_times([row["make_text"] for row in sample])


def _against_cleaned(kind: str, texts: Iterable[tuple[str, str]], limit: int) -> None:
    """Judge changed texts; the cleaned text gives the correct code."""
    changed, everything, unread = Tally(), Counter[str](), Counter[str]()
    for (raw, cleaned), count in Counter(texts).items():
        if raw in EMPTY_CELLS:
            everything["empty"] += count
            continue
        everything["read with certainty" if names.resolve(kind, raw) else "not certain"] += count
        if raw != cleaned and (code := names.resolve(kind, cleaned)):
            changed.add(kind, raw, code, count)
        elif raw != cleaned:
            unread[f"{raw} → {cleaned}"] += count
    print(f"\n{kind}: all rows: " + ", ".join(f"{n:,} {name}" for name, n in everything.items()))
    print(
        f"  changed, but the cleaned text is not certain either: {unread.total()}:"
        f" {_examples(unread, limit)}"
    )
    _print_tally(f"{kind}, rows whose spelling the cleaning changed", changed, limit)


def _print_tally(title: str, tally: Tally, limit: int) -> None:
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
        print(f"  {number:>6,}  {name}: {_examples(tally.examples[name], limit)}")
    print(
        "  right by confidence: "
        + ", ".join(
            f"≥ {least}: {_share(hits[True], hits.total())} of {hits.total():,}"
            for least, hits in sorted(tally.bins.items(), reverse=True)
        )
    )


def _examples(counts: Counter[str], limit: int) -> str:
    return "; ".join(f"{text} ({n})" if n > 1 else text for text, n in counts.most_common(limit))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _print_times(texts: list[str]) -> None:
    """Print the time of cached and of new names."""
    cached = _seconds_each(lambda text: names.resolve("make", text), texts * 200)
    new = _seconds_each(
        lambda text: names.find_candidates("make", text), [f"{text} Qx" for text in texts]
    )
    print(f"\nresolve, in memory: {cached * 1e6:.2f} µs; candidates, new: {new * 1e3:.2f} ms")


def _seconds_each(way: Callable[[str], object], texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        way(text)
    return (time.perf_counter() - began) / len(texts)


RAW, CLEANED = "gun_sale_database.csv", "gun_sale_database-openrefined-new.csv"
EMPTY_CELLS = frozenset(("", "NULL"))
Row = tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Equal sales of both files, and counts of rows left out."""

    rows: list[tuple[Row, Row]]
    shifted: int
    unpaired: int


def read_pairs(folder: Path) -> Pairs:
    """Pair the rows by application, model and barrel, then order.

    A row with shifted cells has no application.
    """
    raw, cleaned = _by_application(folder / RAW), _by_application(folder / CLEANED)
    paired: list[tuple[Row, Row]] = []
    shifted = unpaired = 0
    for application, rows in raw.items():
        if len(application) < 10:  # a year and six digits
            shifted += len(rows)
            continue
        pairs = list(_match_rows(rows, cleaned.get(application, [])))
        paired += pairs
        unpaired += len(rows) - len(pairs)
    return Pairs(paired, shifted, unpaired)


def _by_application(path: Path) -> dict[str, list[Row]]:
    rows_by_application: dict[str, list[Row]] = defaultdict(list)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            rows_by_application[row[APPLICATION].strip()].append(
                tuple(cell.strip() for cell in row)
            )
    return rows_by_application


def _match_rows(raw: list[Row], cleaned: list[Row]) -> Iterator[tuple[Row, Row]]:
    if len(raw) != len(cleaned):
        return
    free = list(cleaned)
    left = []
    for row in raw:
        twins = [other for other in free if _is_same_gun(row, other)]
        if twins:
            free.remove(twins[0])
            yield row, twins[0]
        else:
            left.append(row)
    if len(left) == 1:
        yield left[0], free[0]


def _is_same_gun(a: Row, b: Row) -> bool:
    return (
        a[MODEL].casefold() == b[MODEL].casefold()
        and a[NUMBER].casefold() == b[NUMBER].casefold()
        and _normalise_length(a[BARREL]) == _normalise_length(b[BARREL])
        and (a[MAKE][:1].casefold(), a[CALIBRE][:1]) == (b[MAKE][:1].casefold(), b[CALIBRE][:1])
    )


def _normalise_length(text: str) -> str:
    try:
        return f"{float(text):g}"
    except ValueError:
        return text
