"""Profiles of imports: of a state, the program, templates, and drafts; what texts mean."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final
from uuid import UUID

import orjson

from api.http.context import without_turn
from api.import_jobs import import_store
from api.schemas.imports import field_labels
from importers.drafting.guess import SAMPLE_ROWS, Draft, draft_profile
from importers.profiles import Profile, from_data, shipped_profiles, to_data
from importers.reading import sealed_files
from importers.reading.cells import has_word
from importers.reading.tables import Row, Table, open_table
from importers.subjects import SUBJECTS
from importers.templates import template_profile
from importers.values import Meanings, check_meanings, listed_fields, meanings, with_meanings
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import imports
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, NotFound, Unavailable, message
from salsa_ext.reference.agencies import agency_codes

TEMPLATE: Final = "template-"
TEMPLATE_SHEETS: Final = frozenset(("lists", "example"))


def find_profile(actor: Actor, name: str) -> Profile:
    """Return a profile of the state, of the program or of a template; raises NotFound."""
    subject = SUBJECTS.get(name.removeprefix(TEMPLATE))
    if subject and name.startswith(TEMPLATE):
        return with_known_meanings(actor, template_profile(subject, field_labels()))
    stored = imports.stored_profiles(actor)
    if name in stored:
        return from_data(stored[name])
    if (shipped := shipped_profiles().get(name)) is None:
        raise NotFound("import_profile", name)
    return shipped


def template_of(actor: Actor, sheets: Collection[str]) -> Profile | None:
    """Return the profile of the template that a file with these sheets is; None for others."""
    subjects = [name for name in sheets if name in SUBJECTS]
    is_template = len(subjects) == 1 and {*sheets} >= TEMPLATE_SHEETS
    return find_profile(actor, TEMPLATE + subjects[0]) if is_template else None


def draft(actor: Actor, table: Table, name: str, subjects: Iterable[str]) -> Draft:
    """Return the likeliest profile of a table, with the meanings of texts in the state's profiles."""
    drafted = draft_profile(
        table, field_labels(), name=name, state=actor.own_state(), subjects=subjects
    )
    return replace(drafted, profile=with_known_meanings(actor, drafted.profile))


def read_first_rows(
    actor: Actor, run_id: UUID, profile: Profile | None = None, sheet: str | None = None
) -> Table:
    """Return the table of a waiting file with its first rows, which are stored for the next time.

    Raises ImportRejected, Unavailable.
    """
    sheets = [sheet] if sheet else [*profile.sheets] if profile else ["*"]
    store = import_store()
    stored = sealed_files.read_sample(store, run_id)
    if stored and sheets in ((sample := orjson.loads(stored))["chosen"], sample["about"]["read"]):
        rows = [Row(number, cells) for number, cells in sample["rows"]]
        return Table(rows=iter(rows), **sample["about"])
    headings = {*profile.spellings()} if profile else set[str]()
    try:
        with without_turn():
            file = sealed_files.open_file(store, run_id)
            with open_table(file, headings, sheets, asides=True) as table:
                rows = [*islice(table.rows, SAMPLE_ROWS)]
    except FileNotFoundError:
        text = message("The file is on another server. Try again in a minute.")
        raise Unavailable(text) from None
    about = {name: value for name, value in vars(table).items() if name != "rows"}
    content = {"chosen": sheets, "about": about, "rows": [(row.number, row.cells) for row in rows]}
    store.save(sealed_files.file_name(run_id, sealed_files.SAMPLE), orjson.dumps(content))
    return replace(table, rows=iter(rows))


def store_profile(actor: Actor, profile: Profile) -> Mapping[str, Any]:
    """Store a profile of the own state; return its data. Raises Forbidden, Conflict."""
    needed = require_documents(actor, profile)
    definition = to_data(profile)
    imports.store_profile(actor=actor, name=profile.name, definition=definition, permissions=needed)
    return definition


def require_documents(actor: Actor, profile: Profile) -> list[str]:
    """Return the permissions that the documents of a profile need; raises Forbidden."""
    needed = profile.permissions()
    for each in needed:
        require(actor, Permission(each))
    return needed


def with_known_meanings(actor: Actor, profile: Profile, before: Profile | None = None) -> Profile:
    """Return a profile with the meanings of texts in the state's profiles; its own come first.

    Codes, such as 1 and P, are those of one source. Of a file that was read by the profile `before`,
    that one counts in the place of the stored one, and of others only lists that are new.
    """
    stored, known = {**imports.stored_profiles(actor)}, dict[tuple[str, str], str]()
    there = {kind for _, _, kind, _ in listed_fields(before)} if before else ()
    own = stored.pop(profile.name, None)
    for definition in stored.values():
        others = meanings(from_data(definition)).items()
        known |= {key: means for key, means in others if has_word(key[1]) and key[0] not in there}
    if latest := before or (from_data(own) if own else None):
        known |= meanings(latest)
    own_texts = meanings(profile, known)
    return with_meanings(profile, {key: known[key] for key in known if key not in own_texts})


def add_meanings(actor: Actor, profile: Profile, given: Meanings) -> Profile:
    """Return a profile with what texts mean; raises Invalid by kind and text."""
    stored = meanings(profile, given)
    typed = {key: means for key, means in given.items() if means != stored.get(key)}
    check_meanings(profile, typed, agency_codes(actor.own_state()))
    return with_meanings(profile, given)


def judge_by(actor: Actor, import_id: UUID, profile: Profile) -> None:
    """Let the file of a waiting run be judged by a profile, which is stored for the next file."""
    run = imports.read_run(actor, import_id)
    try:
        store_profile(actor, profile)
    except Conflict:  # another person's; this file alone is judged so
        if run.profile != profile.name:
            raise
    imports.judge_run(
        actor=actor,
        import_id=import_id,
        profile=profile.name,
        definition=to_data(profile),
        permissions=require_documents(actor, profile),
    )


def map_import(*, actor: Actor, import_id: UUID, values: Sequence[Mapping[str, str]]) -> None:
    """Store what texts of a waiting file mean, and let it be judged again; raises Invalid."""
    profile = from_data(imports.read_run(actor, import_id).definition)
    given = {(each["kind"], each["text"]): each.get("means", "") for each in values}
    judge_by(actor, import_id, add_meanings(actor, profile, given))
