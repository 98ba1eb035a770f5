"""Files that were imported, with what was taken and what was not."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class ImportRun(Owned, Base):
    """One run over one file, named by its SHA-256."""

    __tablename__ = "import_run"
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    source: Mapped[str]
    file_name: Mapped[str]
    file_digest: Mapped[bytes] = mapped_column(LargeBinary)
    started_at: Mapped[datetime]
    rows_read: Mapped[int]
    rows_taken: Mapped[int]
    rejects: Mapped[list[dict[str, Any]]]
