"""What the texts of an import mean that no list knows: said once, and kept for the next file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from flask import g

from api.i18n.messages import translate
from api.import_profiles import add_meanings, judge_by
from api.web import choices
from api.web.formatting import label
from api.web.forms import REQUIRED, Form
from api.web.pages import account_pages
from api.web.pages.imports.runs import PAGES, RUN, known_name
from api.web.record_pages import register_form, render_page
from importers.profiles import Profile, from_data, to_data
from importers.reading.cells import OPEN_LISTS, label_kind
from importers.serial_words import PART_OF_NUMBER
from importers.subjects import Path
from importers.values import NO_VALUE, OPEN_KINDS, Meanings, listed_fields, meanings
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import MARK_CONDITIONS
from salsa_ext.core.errors import IllegalTransition, Invalid, message
from salsa_ext.firearms.marks.cell_reading import read_cell
from salsa_ext.reference.suggestions import suggest

AS_IT_IS: Final = "="
MOST: Final = 100
MOST_CHARACTERS: Final = 200
SAME_FOR_ALL: Final = 4
"""From so many texts of a list on, one answer can be given for all others."""


@dataclass(frozen=True)
class _Text:
    """A text of the file, in how many rows it is, and what it is like.

    `is_known`: it is read as a code, and a person may correct that.
    """

    at: int
    kind: str
    text: str
    count: int
    means: str = ""
    is_known: bool = False

    @property
    def chosen(self) -> str:
        """Return the choice that stands for its meaning."""
        if self.means == self.text:
            return AS_IT_IS if self.kind == "agency" else ""
        return "" if self.means == NO_VALUE else self.means

    @property
    def read_as(self) -> str:
        """Return the name of what the text is read as; empty where it is in no list."""
        if self.is_known and self.kind == "serial":
            return label("marking", read_cell(self.text).marking or "unknown")
        return known_name(self.kind, self.text) if self.is_known else ""

    @property
    def likely(self) -> str:
        """Return names that the text may be a spelling of."""
        if self.kind not in OPEN_LISTS or self.is_known:
            return ""
        return ", ".join(each.name for each in suggest(self.kind, self.text, g.language))


@dataclass(frozen=True)
class _List:
    """The texts of one list, with the columns that they are in, and the choices if it is closed."""

    kind: str
    name: str
    columns: tuple[str, ...]
    texts: list[_Text]
    known: list[_Text]
    options: choices.Options | choices.Groups

    @property
    def is_open(self) -> bool:
        """Return whether a text may stay as it is."""
        return self.kind in OPEN_KINDS

    @property
    def has_answer_for_all(self) -> bool:
        """Return whether one answer can be given for all that have none."""
        return not self.is_open and len(self.texts) >= SAME_FOR_ALL


def _read(actor: Actor, import_id: UUID) -> tuple[Profile, list[_Text]]:
    """Return the profile of a waiting file and its texts; raises IllegalTransition for another."""
    run = imports.read_run(actor, import_id)
    if run.status not in imports.MAPPED_STATUSES:
        raise IllegalTransition("import", run.status, message("say what texts mean"))
    profile = from_data(run.definition)
    counts = {(each["kind"], each["text"]): each["count"] for each in run.report.get("unknown", ())}
    known = {(each["kind"], each["text"]): each["count"] for each in run.report.get("known", ())}
    stored = meanings(profile, {*counts, *known})
    keys = [key for key in [*counts, *stored] if len(key[1]) <= MOST_CHARACTERS]
    keys = [*dict.fromkeys(keys)][:MOST]
    keys += [key for key in known if len(key[1]) <= MOST_CHARACTERS and key not in keys]
    counts |= known
    texts = [
        _Text(
            at,
            *key,
            counts.get(key, 0),
            stored.get(key, ""),
            is_known=key in known and key not in stored,
        )
        for at, key in enumerate(keys)
    ]
    return profile, texts


def _lists(actor: Actor, profile: Profile, texts: list[_Text]) -> Iterator[_List]:
    """Yield the lists that some text is missing in, in the order of the fields."""
    fields: dict[str, tuple[list[str], Path]] = {}
    for at, path, kind, members in listed_fields(profile):
        columns = profile.documents[at].fields[path].columns
        fields.setdefault(kind, ([], members))[0].extend(columns)
    for kind, (names, members) in fields.items():
        if own := [each for each in texts if each.kind == kind]:
            name, options = translate(members[-1].field.label), list_options(actor, kind, members)
            if kind == "agency":
                options = [(AS_IT_IS, translate(message("As it stands, in the remarks"))), *options]
            known = [each for each in own if each.is_known]
            others = [each for each in own if not each.is_known]
            yield _List(kind, name, tuple(dict.fromkeys(names)), others, known, options)


def list_options(actor: Actor, kind: str, members: Path) -> choices.Options | choices.Groups:
    """Return the choices of a list; none for makes and calibres, which are too many."""
    if codes := members[-1].limits.choices:
        named = label_kind(codes)
        return [(code, label(named, code) if named else code) for code in codes]
    if kind == "serial":
        conditions = [(code, label("marking", code)) for code in MARK_CONDITIONS]
        return [*conditions, (PART_OF_NUMBER, translate(message("Part of the number")))]
    if kind == "type":
        return choices.types()
    if kind == "agency":
        return choices.agencies(actor)
    return choices.countries() if kind == "state" else []


def _show(actor: Actor, form: Form | None, import_id: UUID) -> str:
    profile, texts = _read(actor, import_id)
    if form is None:
        form = Form(
            {f"values.{each.at}.means": each.chosen for each in texts}
            | {f"values.{each.at}.none": "true" for each in texts if each.means == NO_VALUE}
            | {"agency": str(profile.documents[0].constants.get("agency", ""))}
        )
    subject = PAGES.find(actor, import_id)
    return render_page(
        "account/import_values.html",
        actor,
        trail=(*PAGES.trail, (subject.address, subject.title)),
        form=form,
        lists=[*_lists(actor, profile, texts)],
    )


def _save(actor: Actor, form: Form, import_id: UUID) -> str:
    """Store the meanings with the profile, and let the file be checked again."""
    profile, _ = _read(actor, import_id)
    given, fields = _typed(form)
    if agency := form.get("agency"):
        documents = (
            replace(each, constants={**each.constants, "agency": agency})
            if "agency" in each.fields
            else each
            for each in profile.documents
        )
        profile = from_data(to_data(replace(profile, documents=(*documents,))))
    elif any(
        kind == "agency" and means in (text, NO_VALUE) for (kind, text), means in given.items()
    ):
        raise Invalid({"agency": [REQUIRED]})
    try:
        changed = add_meanings(actor, profile, given)
    except Invalid as error:
        paths = {path: fields.get(path, path) for path in error.errors}
        raise Invalid({paths[path]: problems for path, problems in error.errors.items()}) from None
    judge_by(actor, import_id, changed)
    return PAGES.address(import_id, done="values")


def _typed(form: Form) -> tuple[Meanings, dict[str, str]]:
    """Return what was said of each text, and the field of each error."""
    given, fields = dict[tuple[str, str], str](), dict[str, str]()
    for at in form.row_numbers("values"):
        kind, text, typed = (form.get(f"values.{at}.{part}") for part in ("kind", "text", "means"))
        blank = text if kind in OPEN_KINDS else form.get(f"others.{kind}")
        if form.get(f"values.{at}.known"):
            blank = ""
        if form.get(f"values.{at}.none") == "true":
            typed = NO_VALUE
        typed, blank = (text if each == AS_IT_IS else each for each in (typed, blank))
        if kind and text and (typed or not form.get(f"values.{at}.known")):
            given[kind, text] = typed or blank
            fields[f"{kind}.{text}"] = f"values.{at}.means"
    return given, fields


register_form(
    account_pages, "/imports/<uuid:import_id>/values", "import_values_form", RUN, _show, _save
)
