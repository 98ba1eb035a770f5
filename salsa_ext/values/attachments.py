"""What is attached to an object of the service: of what, of which kind, for whose eyes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Subject:
    """The object that something is attached to; an item of a document is its record."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class AttachmentData:
    """A photograph, document or laboratory report; what handling H2 and H3 say stays in its state."""

    subject: Subject
    kind: str
    title: str | None = None
    handling: str = "H1"


@dataclass(frozen=True)
class Content:
    """A file as it is kept, or as it is handed out; sides in pixels, where it is a picture."""

    data: bytes
    media_type: str
    width: int | None = None
    height: int | None = None
