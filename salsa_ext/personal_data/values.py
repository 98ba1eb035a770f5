"""Input of the commands on requests of persons."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from salsa_ext.core import codes
from salsa_ext.core.fields import Field, Name, Rule, StateName, Text


@dataclass(frozen=True)
class Person:
    """A person who asks; found by name, and by identification where documents have one."""

    name: Annotated[Name, Field("Name", personal="direct")]
    identification: Annotated[Name | None, Field("Identification", personal="direct")] = None
    country: Annotated[StateName | None, Field("Country")] = None
    contact: Annotated[Text | None, Field("Telephone or e-mail", personal="direct")] = None
    text: Annotated[
        str | None, Rule(most=2000), Field("What the person asks", personal="direct")
    ] = None


@dataclass(frozen=True)
class SubjectRequestData:
    """A request of a person, with the day on which it was received."""

    kind: Annotated[str, Rule(choices=codes.SUBJECT_REQUEST_KINDS), Field("Kind")]
    person: Annotated[Person, Field("Person", stored="no")]
    received_on: Annotated[date, Field("Received on")]


@dataclass(frozen=True)
class ErasureData:
    """What is answered, and which parties are erased; without a choice, all that are found."""

    answer: str
    parties: Collection[UUID] = ()


@dataclass(frozen=True)
class LegalHoldData:
    """A document whose persons are not erased, and why."""

    document_kind: str
    document_id: UUID
    reason: str
