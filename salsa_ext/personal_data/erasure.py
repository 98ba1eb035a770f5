"""Persons in the documents of a state: find them, what forbids to erase them, erase them.

Direct personal values are in `party` alone, and in every version of a document by its id. So one
change of those rows erases a person everywhere, and leaves guns, chains, marks, figures and logs.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, or_, select, text, update

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.administration import imports
from salsa_ext.administration.models import Attachment
from salsa_ext.core.actor import Actor
from salsa_ext.core.fields import members
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.session import acting_as, db
from salsa_ext.documents.models import Transfer
from salsa_ext.firearms.records.models import Party
from salsa_ext.firearms.records.parties import Party as DeclaredParty
from salsa_ext.jobs.runner import DueJob
from salsa_ext.personal_data.values import Person
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits.models import Licensee

PARTY_COLUMNS: Final = {
    "record": ("giver_id", "receiver_id"),
    "permit": (
        "signatory_id",
        "exporter_id",
        "importer_id",
        "final_consignee_id",
        "broker_id",
        "carrier_id",
    ),
    "shipment": ("carrier_id",),
    "licensee": ("party_id",),
}
"""Columns that name parties; the parties of reports and transfers are those of their records."""
DIRECT_COLUMNS: Final = tuple(
    column.name for column in Party.__table__.columns if column.info.get("pii") == "direct"
)
_OBSTACLES: Final = text("""
    WITH gun AS MATERIALIZED (
        SELECT document_id, serial FROM record
        WHERE owner_state = :own AND document_id = ANY(:ids) AND serial IS NOT NULL
    ), wanted AS MATERIALIZED (
        SELECT o.serial FROM alert AS a JOIN record AS o ON o.id = a.record_id
        WHERE a.owner_state = :own AND a.status = 'active'
        AND o.serial = ANY(ARRAY(SELECT gun.serial FROM gun))
    )
    SELECT document_id, 'legal_hold' AS code FROM legal_hold
    WHERE owner_state = :own AND lifted_at IS NULL AND document_id = ANY(:ids)
    UNION ALL SELECT id, 'in_force' FROM permit
    WHERE owner_state = :own AND id = ANY(:ids) AND expires_on >= :today
    UNION ALL SELECT s.id, 'in_force' FROM shipment AS s JOIN permit AS p ON p.id = s.permit_id
    WHERE s.owner_state = :own AND s.id = ANY(:ids) AND p.expires_on >= :today
    UNION ALL SELECT id, 'in_force' FROM licensee
    WHERE owner_state = :own AND id = ANY(:ids) AND status IN ('active', 'suspended')
    UNION ALL SELECT document_id, 'open_case' FROM gun WHERE
        EXISTS (SELECT FROM trace AS t WHERE t.owner_state = :own
            AND t.status NOT IN ('withdrawn', 'closed') AND t.firearm ->> 'serial' = gun.serial)
        OR EXISTS (SELECT FROM trace_request AS q WHERE q.owner_state = :own
            AND q.status IN ('sent', 'acknowledged', 'clarification', 'deferred')
            AND q.body -> 'firearm' ->> 'serial' = gun.serial)
        OR gun.serial IN (SELECT wanted.serial FROM wanted)
""")
"""Why the persons of a document are not erased; the strictest reason comes first."""


class DocumentReference(NamedTuple):
    """A document that names a person."""

    kind: str
    id: UUID


@dataclass(frozen=True)
class PersonFinding:
    """A person as own documents name it; `obstacle` is why it is not erased."""

    party: Party
    documents: Sequence[DocumentReference]
    obstacle: str | None = None


def find_person(actor: Actor, person: Person) -> list[PersonFinding]:
    """Return what the own state's documents hold on a person, the oldest first."""
    same_name = func.salsa_folded_name(Party.name) == func.salsa_folded_name(person.name)
    own = Party.owner_state == actor.own_state()
    rows = db.session.scalars(select(Party).where(own, same_name).order_by(Party.id))
    return _findings(actor, [row for row in rows if _may_be(row, person)])


def _may_be(party: Party, person: Person) -> bool:
    if person.country and party.country != person.country:
        return False
    numbers = {
        "".join(filter(str.isalnum, number)).casefold()
        for number in (party.identification, person.identification)
        if number
    }
    return len(numbers) < 2


def find_outdated(actor: Actor, before: UUID) -> list[PersonFinding]:
    """Return the private persons of the own state that were recorded before an id."""
    own = Party.owner_state == actor.own_state(), Party.kind == "individual"
    query = select(Party).where(*own, Party.erased_at.is_(None), Party.id < before)
    return _findings(actor, db.session.scalars(query).all())


def _findings(actor: Actor, parties: Sequence[Party]) -> list[PersonFinding]:
    documents = _documents_of([party.id for party in parties])
    obstacles = _find_obstacles(actor, {each.id for named in documents.values() for each in named})
    return [
        PersonFinding(
            party,
            documents[party.id],
            min(
                (obstacles[each.id] for each in documents[party.id] if each.id in obstacles),
                default=None,
            ),
        )
        for party in parties
    ]


def _documents_of(parties: Sequence[UUID]) -> Mapping[UUID, list[DocumentReference]]:
    """Return the documents that name each party, in any version."""
    documents: dict[UUID, list[DocumentReference]] = defaultdict(list)
    if not parties:
        return documents
    queries = []
    for table, columns in PARTY_COLUMNS.items():
        named = "document_kind, document_id" if table == "record" else f"'{table}', id"
        queries += [
            f"SELECT {column}, {named} FROM {table} WHERE {column} = ANY(:ids)"  # noqa: S608
            for column in columns
        ]
    rows = db.session.execute(text(" UNION ".join(queries) + " ORDER BY 3"), {"ids": [*parties]})
    for party, kind, document in rows:
        documents[party].append(DocumentReference(kind, document))
    return documents


def _find_obstacles(actor: Actor, documents: Collection[UUID]) -> dict[UUID, str]:
    """Return why the persons of documents are not erased; hidden cases of the state count too."""
    own = actor.own_state()
    values = {"own": own, "ids": [*documents], "today": today(actor)}
    with acting_as(actor, own):
        rows = db.session.execute(_OBSTACLES, values).all() if documents else []
    return dict(reversed(rows))


def erase(actor: Actor, findings: Collection[PersonFinding], **data: str) -> None:
    """Erase persons in all versions of their documents, and in the titles of attachments."""
    ids = [finding.party.id for finding in findings]
    documents = {each for finding in findings for each in finding.documents}
    direct = [text for each in findings for text in (each.party.name, each.party.identification)]
    imports.forget_texts(actor, {text for text in direct if text})
    _erase_titles(findings, {each.id for each in documents})
    db.session.execute(
        update(Party)
        .where(is_any_of(Party.id, ids))
        .values(dict.fromkeys(DIRECT_COLUMNS) | {"erased_at": actor.now(), "salt": None})
    )
    named = is_any_of(Transfer.giver_id, ids) | is_any_of(Transfer.receiver_id, ids)
    licensed = update(Transfer).where(named, Transfer.licence.is_not(None))
    db.session.execute(licensed.values(licence=None))
    licensees = update(Licensee).where(is_any_of(Licensee.party_id, ids))
    db.session.execute(licensees.values(name_key=None))
    append_many(
        actor,
        [
            AuditEvent(Action.PERSON_ERASED, each.kind, each.id, data=data)
            for each in sorted(documents)
        ],
    )


def _erase_titles(findings: Collection[PersonFinding], documents: Collection[UUID]) -> None:
    """Empty the titles of attachments of these documents that have a name of these persons."""
    names = {finding.party.name.casefold() for finding in findings if finding.party.name}
    titled = Attachment.title.is_not(None), is_any_of(Attachment.subject_id, [*documents])
    for attachment in db.session.scalars(select(Attachment).where(*titled)):
        if any(name in (attachment.title or "").casefold() for name in names):
            attachment.title = None


YEARS: Final = max(member.field.retain or 0 for member in members(DeclaredParty))


def erase_outdated_persons(actor: Actor) -> int:
    """Erase private persons after the declared years, except those still needed; return how many."""
    oldest = actor.now() - timedelta(days=YEARS * 365.25)
    before = UUID(int=int(oldest.timestamp() * 1000) << 80)
    findings = [each for each in find_outdated(actor, before) if each.obstacle is None]
    if findings:
        erase(actor, findings, cause="retention")
    return len(findings)


JOBS: Final = (DueJob("retention", timedelta(days=1), erase_outdated_persons, repeats=False),)


BATCH: Final = 2_000
COLUMNS: Final = [
    column for column in Party.__table__.columns if isinstance(column.type, EncryptedText)
]


def encrypt_parties(*, actor: Actor, after: UUID) -> UUID | None:
    """Encrypt the texts of the next parties after an id again; return the last id, None at the end."""
    own = Party.owner_state == actor.own_state(), Party.id > after
    query = select(Party.id, *COLUMNS).where(*own, or_(*(each.is_not(None) for each in COLUMNS)))
    rows = db.session.execute(query.order_by(Party.id).limit(BATCH)).all()
    if not rows:
        return None
    changed = update(cast(Table, Party.__table__)).where(Party.id == bindparam("row"))
    changed = changed.values({each.name: bindparam(f"new_{each.name}") for each in COLUMNS})
    db.session.connection().execute(
        changed,
        [
            {"row": row.id} | {f"new_{each.name}": getattr(row, each.name) for each in COLUMNS}
            for row in rows
        ],
    )
    return UUID(str(rows[-1].id))
