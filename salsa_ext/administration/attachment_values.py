"""Input values of attachments."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class AttachmentSubject:
    """Object of an attachment; for an item of a document, its record."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True)
class AttachmentData:
    """New photograph, document or laboratory report; H2 and H3 are not shared."""

    subject: AttachmentSubject
    kind: str
    title: str | None = None
    handling: str = "H1"


@dataclass(frozen=True)
class FileContent:
    """Stored file; width and height in pixels for pictures."""

    data: bytes
    media_type: str
    width: int | None = None
    height: int | None = None
