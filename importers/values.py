"""What texts without a code mean: a person says it once, and profiles hold it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from importers.profiles import Profile, Source
from importers.reading.cells import OPEN_LISTS, code_texts, list_kind
from importers.reading.tables import fold
from importers.serial_words import WORD_MEANINGS
from importers.subjects import DESCRIPTION, SUBJECTS, Path, targets
from salsa_ext.core.errors import Invalid, Message, message
from salsa_ext.reference import names

Meanings = Mapping[tuple[str, str], str]
"""What a text means, by the kind of list and the text: itself where it stays, `-` for no value."""
NO_VALUE: Final = "-"
ANY_OTHER: Final = "*"
FREE: Final = {"model": "model", "place.name": "place", "serial": "serial"}
"""Fields without a list: models that became days (`5-7`), towns by short names, words beside serials."""
OPEN_KINDS: Final = (*OPEN_LISTS, *FREE.values())


def listed_fields(profile: Profile) -> Iterator[tuple[int, str, str, Path]]:
    """Yield document, path, kind of list and members of the fields whose values are in lists."""
    for at, mapping in enumerate(profile.documents):
        known = targets(SUBJECTS[mapping.subject].value)
        for path in mapping.fields:
            if known[path][-1] is DESCRIPTION:
                of_gun = path.removesuffix(DESCRIPTION.key)
                yield from ((at, path, kind, known[of_gun + kind]) for kind in OPEN_LISTS)
            elif kind := list_kind(known[path][-1]) or FREE.get(
                path, FREE.get(known[path][-1].name, "")
            ):
                yield at, path, kind, known[path]


def meanings(
    profile: Profile, texts: Collection[tuple[str, str]] | None = None
) -> dict[tuple[str, str], str]:
    """Return the meanings in a profile of `texts` by kind, or of all.

    A text of a description may be of any list: without `texts`, of those with its meaning.
    """
    return {
        (kind, text): means
        for at, path, kind, _ in listed_fields(profile)
        for text, means in profile.documents[at].fields[path].values.items()
        if text != ANY_OTHER
        and ((kind, text) in texts if texts is not None else _is_of(kind, path, means))
    }


def _is_of(kind: str, path: str, means: str) -> bool:
    return not path.endswith(DESCRIPTION.key) or names.resolve(kind, means) is not None


def with_meanings(profile: Profile, given: Meanings) -> Profile:
    """Return a profile that reads texts so; an empty meaning removes the former one."""
    fields = [dict(mapping.fields) for mapping in profile.documents]
    new = defaultdict[tuple[int, str], dict[str, str]](dict)
    for at, path, kind, _ in listed_fields(profile):
        for (each, text), means in given.items():
            if each == kind and (means not in ("", text) or text not in new[at, path]):
                new[at, path][text] = means  # of a description, one list has more to say
    for (at, path), values in new.items():
        fields[at][path] = _with_values(fields[at][path], values)
    documents = zip(profile.documents, fields, strict=True)
    return replace(profile, documents=tuple(replace(each, fields=new) for each, new in documents))


def _with_values(source: Source, given: Mapping[str, str]) -> Source:
    folded = {*map(fold, given)}
    values = {text: means for text, means in source.values.items() if fold(text) not in folded}
    return replace(source, values=values | {text: given[text] for text in given if given[text]})


def check_meanings(profile: Profile, given: Meanings, agencies: Collection[str]) -> None:
    """Raise Invalid for what is in no list; the errors are by kind and text."""
    choices = {kind: path[-1].limits.choices for _, _, kind, path in listed_fields(profile)}
    problems: dict[str, list[Message]] = {}
    for (kind, text), means in given.items():
        if kind not in choices:
            problem = message("No column is read as this: {kind}.", kind=kind)
        elif means in ("", NO_VALUE) or _is_listed(kind, text, means, choices[kind], agencies):
            continue
        else:
            problem = message("“{value}” is not on the list: choose from it.", value=means[:60])
        problems[f"{kind}.{text}"] = [problem]
    if problems:
        raise Invalid(problems)


def _is_listed(
    kind: str, text: str, means: str, choices: tuple[str, ...], agencies: Collection[str]
) -> bool:
    if kind == "serial":
        return means in (text, *WORD_MEANINGS)
    if kind in FREE.values():
        return True
    if kind in OPEN_LISTS:
        return means == text or bool(names.resolve(kind, means))
    if kind == "state":
        return names.find_state(means) is not None
    return means in (text, *agencies) if kind == "agency" else fold(means) in code_texts(choices)[1]
