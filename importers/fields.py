"""How the fields of a document are read from a row."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from importers.profiles import DocumentMapping, Profile, Source
from importers.reading.cells import OPEN_LISTS, is_no_value, list_kind, read_agency, read_cell, sift
from importers.reading.patterns import MAX_TEXT, compile_pattern, split_text
from importers.reading.tables import fold
from importers.subjects import DESCRIPTION, SUBJECTS, Path, targets
from salsa_ext.firearms.marks.firearm_marks import marking_instead_of_serial
from salsa_ext.reference import names


@dataclass(frozen=True)
class FieldStep:
    """How one field of a document is read from a row, of one `column` or several.

    `kind` is that of the list of its values, if there is one; `meanings` are what was said of them.
    `read` returns the value of a text, and the list that lacks it, if one does; raises CellError.
    """

    name: str
    path: Path
    source: Source
    column: str
    kind: str
    meanings: Mapping[str, str]
    read: Callable[[str], tuple[Any, str]]


class DocumentSteps(NamedTuple):
    """How a document is made of a row.

    `columns` are those of each field by name, `words` what those in cells of serials mean.
    """

    mapping: DocumentMapping
    fields: Sequence[FieldStep]
    columns: Mapping[str, Sequence[str]]
    constants: Sequence[tuple[Path, Any]]
    words: Mapping[str, str]


def compile_steps(
    mapping: DocumentMapping, profile: Profile, agencies: Mapping[str, str], zone: str
) -> DocumentSteps:
    """Return how a document is made of a row."""
    known = targets(SUBJECTS[mapping.subject].value)
    steps, words = [], dict[str, str]()
    for name, source in mapping.fields.items():
        values = fold_keys(source.values)
        if known[name][-1].name == "serial":
            words, values = values, {}
        given = known[name], source, values, source.dates or profile.dates
        read = read_once(partial(_read_field, *given, agencies, zone))
        column = source.columns[0] if len(source.columns) == 1 else ""
        kind = list_kind(known[name][-1])
        steps.append(FieldStep(name, known[name], source, column, kind, values, read))
    columns = {step.path[-1].name: step.source.columns for step in steps}
    steps.sort(key=lambda step: step.path[-1] is DESCRIPTION)  # a make of its own goes before
    constants = [(known[name], value) for name, value in mapping.constants.items()]
    return DocumentSteps(mapping, steps, columns, constants, words)


def read_once(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Let the texts that repeat in a column be read once."""
    return lru_cache(maxsize=4_000)(read)


def _read_field(
    path: Path,
    source: Source,
    values: Mapping[str, str],
    dates: str,
    agencies: Mapping[str, str],
    zone: str,
    text: str,
) -> tuple[Any, str]:
    """Return the value of a field, and the list that lacks it, if one does; raises CellError."""
    if source.part:
        match = compile_pattern(source.part).search(text[:MAX_TEXT])
        text = (match[1] or "") if match else ""
    is_description = path[-1] is DESCRIPTION  # the meaning of a make is that of one part
    given, text = text, text if is_description else replace_text(values, text)
    if not text:
        return None, ""
    if path[-1].is_many:
        replaced = [replace_text(values, part) for part in split_text(source.split, text)]
        return [read_cell(path[-1], part, "") for part in replaced if part], ""
    if path[-1].name == "agency":
        is_other = is_no_value(text) or (text == given and fold(text) in values)
        return (None if is_other else read_agency(text, agencies)), ""
    text, kind = sift(path, text)
    if kind and fold(given) in values:  # a person left it as it is
        kind = ""
    return (read_cell(path[-1], text, dates, zone) if text else None), kind


def is_rougher(day: str, text: str) -> bool:
    """Return whether a text says more than the month or year that is read: `31/4/22`."""
    return len(day) < len("2020-01-01") and len(re.findall(r"\d+", text)) > day.count("-") + 1


def fold_keys(values: Mapping[str, str]) -> dict[str, str]:
    """Return meanings by folded texts, so that case and accents do not matter."""
    return {(text if text == "*" else fold(text) or text): value for text, value in values.items()}


def replace_text(values: Mapping[str, str], text: str) -> str:
    """Return what a text means, by meanings of folded texts, else the text."""
    if not text or not values:
        return text
    return values.get(fold(text) or text, values.get("*", text))


def text_of(step: FieldStep, texts: Mapping[str, str]) -> str:
    """Return the first text of the columns, or all joined; words are split from a serial."""
    name, join = step.path[-1].name, step.source.join
    given = [text for each in step.source.columns if (text := texts[each])]
    if join is None:
        return given[0] if given else ""
    if name in OPEN_LISTS or name == "model":  # New Model Single Six, Unknown
        is_none = partial(names.find_placeholder, name)
        filled = [text for text in given if is_none(text) not in ("unknown", "unmarked")]
        given = _without_repeats(filled) or given[:1]
    if name == "serial" and join:  # of the parts that have one
        given = [text for text in dict.fromkeys(given) if not _is_marking(text)] or given[:1]
    is_prose = name == "serial" and any(" " in text or _is_marking(text) for text in given)
    return (join or " " * is_prose).join(given)


def _without_repeats(texts: Sequence[str]) -> list[str]:
    """Leave out a text whose words another has: 1911 Government Model, 1911."""
    words: dict[str, str] = {}
    for text in texts:
        words.setdefault(f" {fold(text)} ", text)
    return [text for own, text in words.items() if not any(own in o and own != o for o in words)]


def _is_marking(text: str) -> bool:
    return marking_instead_of_serial(text) is not None
