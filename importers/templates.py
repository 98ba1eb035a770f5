"""Templates of files: a sheet for each subject, from the declared fields, and the profile that reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path
from typing import Any, BinaryIO, Final

import xlsxwriter

from importers.profiles import DocumentMapping, Profile, Source
from importers.reading.cells import label_kind
from importers.reading.tables import fold
from importers.subjects import DESCRIPTION, REPORTED, SUBJECTS, Subject, is_required, targets
from importers.subjects import Path as FieldPath
from salsa_ext.core.codes import LANGUAGES
from salsa_ext.reference import names

ROWS: Final = 5_000
"""Rows that offer lists of choices."""
LEFT_OUT: Final = ("external_ids", "joint_with", "related", "found_with", "marks", "expected")
EXAMPLES: Final[Mapping[str, str]] = {
    "number": "C-17",
    "seizure": "C-17",
    "occurred_on": "2020-03-09",
    "serial": "ABC12345",
    "make": "Taurus",
    "model": "PT 92",
    "calibre": "9x19",
    "type": "pistol",
    "quantity": "1",
    "country": "PRY",
    "agency": "PRY-POLICE",
    "signatory": "Eva Ejemplo",
    "name": "Armas del Sur",
    "roles": "dealer",
    "issued_on": "2020-03-09",
    "valid_from": "2020-03-09",
    "expires_on": "2021-03-08",
    "exporting_state": "PRY",
    "importing_state": "BRA",
    "importer.country": "BRA",
    "final_consignee.country": "BRA",
    "permits.kind": "export",
    "permit": "C-17",
    "shipment": "C-17",
    "ships_on": "2020-03-09",
    "received_on": "2020-03-19",
    "items.serial": "ABC12345",
    "handovers.occurred_at": "2020-03-09 10:30",
    "from": "Eva Ejemplo",
    "to": "Juan Ejemplo",
    "place.name": "Encarnación",
}
"""Cells of the example, by subject and path, by path, or by field where the object above it is needed."""
Labels = Mapping[str, Sequence[str]]
"""Translations of labels in es, fr and pt, by English text."""


def template_fields(subject: Subject) -> dict[str, FieldPath]:
    """Return the fields of a template by path, those that are needed first."""
    fields = {
        path: members
        for path, members in targets(subject.value).items()
        if not {member.key for member in members[:-1]} & {*LEFT_OUT}
        and members[-1] not in (DESCRIPTION, REPORTED)
    }
    return dict(sorted(fields.items(), key=lambda each: not is_required(each[1])))


def headings(subject: Subject, labels: Labels) -> dict[str, list[str]]:
    """Return the heading of each field in each language; no two fields share one in any.

    It is the field's label, behind that of its object where that alone would be another's, too.
    """
    fields, shared = template_fields(subject), dict[str, list[str]]()
    for shape in (_short, _long, _with_path):
        for path, members in fields.items():
            if path not in shared or path in _not_distinct(shared):
                shared[path] = shape(path, members, labels)
    return shared


def _not_distinct(shared: Mapping[str, Sequence[str]]) -> set[str]:
    by_text: dict[str, set[str]] = {}
    for path, texts in shared.items():
        for text in texts:
            by_text.setdefault(fold(text), set()).add(path)
    return {path for paths in by_text.values() if len(paths) > 1 for path in paths}


def _short(path: str, members: FieldPath, labels: Labels) -> list[str]:
    return _translated(members[-1].field.label, labels)


def _long(path: str, members: FieldPath, labels: Labels) -> list[str]:
    steps = [_translated(member.field.label, labels) for member in members]
    return [": ".join(dict.fromkeys(texts)) for texts in zip(*steps, strict=True)]


def _with_path(path: str, members: FieldPath, labels: Labels) -> list[str]:
    return [f"{text} [{path}]" for text in _long(path, members, labels)]


def _translated(label: str, labels: Labels) -> list[str]:
    return [label, *labels.get(label, [label] * 3)]


def template_profile(subject: Subject, labels: Labels) -> Profile:
    """Return the profile that reads a template in any language, also with columns left out."""
    fields = template_fields(subject)
    columns = {path: tuple(texts) for path, texts in headings(subject, labels).items()}
    sources = {
        path: Source((path,), split="; *" if members[-1].is_many else "")
        for path, members in fields.items()
        if path != "number"
    }
    mapping = DocumentMapping(subject.name, "{number}", sources, group=bool(subject.items))
    return Profile(
        name=f"template-{subject.name}",
        title=f"The template of {subject.name}",
        documents=(mapping,),
        columns=columns,
        dates="ymd",
        lenient=True,
    )


def write_template(path: Path | BinaryIO, subject: Subject, language: str, labels: Labels) -> None:
    """Write a template as XLSX: headings, lists of choices, and a filled example."""
    at, texts = LANGUAGES.index(language), headings(subject, labels)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet, lists = book.add_worksheet(subject.name), book.add_worksheet("lists")
        example = book.add_worksheet("example")
        bold, plain = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        for column, (name, members) in enumerate(template_fields(subject).items()):
            heading = texts[name][at]
            choices = _choices(members[-1].limits.choices, language)
            for each in (sheet, example):
                each.write_string(0, column, heading, bold if is_required(members) else None)
                each.set_column(column, column, max(12, len(heading)), plain)
            example.write_string(1, column, _example(subject, name, members, choices))
            if choices:
                lists.write_column(0, column, choices)
                letter = xlsxwriter.utility.xl_col_to_name(column)
                source = f"=lists!${letter}$1:${letter}${len(choices)}"
                rule: dict[str, Any] = {"validate": "list", "source": source}
                sheet.data_validation(1, column, ROWS, column, rule | {"ignore_blank": True})


def _example(subject: Subject, path: str, members: FieldPath, choices: Sequence[str]) -> str:
    own, codes = EXAMPLES.get(f"{subject.name}.{path}", ""), members[-1].limits.choices
    if choices and is_required(members):
        return choices[codes.index(own) if own else 0]
    is_needed = all(member.default is MISSING for member in members[:-1])
    last = EXAMPLES.get(members[-1].key, "") if is_needed else ""
    return own or EXAMPLES.get(path, last)


def _choices(codes: Sequence[str], language: str) -> list[str]:
    """Return the names of codes in a language."""
    kind = label_kind(tuple(codes)) if codes else ""
    return [names.label(kind, code, language) if kind else code for code in codes]


def write_templates(folder: Path, labels: Labels) -> list[Path]:
    """Write all templates in all languages; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for subject in SUBJECTS.values():
        for language in LANGUAGES:
            paths.append(folder / f"{subject.name}-{language}.xlsx")
            write_template(paths[-1], subject, language, labels)
    return paths
