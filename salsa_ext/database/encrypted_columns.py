"""Columns that hold their text encrypted; the keys are a file of the installation."""

import json
from typing import Any, Protocol, cast

from sqlalchemy import Dialect, Engine, Text
from sqlalchemy.types import TypeDecorator


class TextVault(Protocol):
    """Encryption of texts with the newest key of the installation."""

    def seal_text(self, text: str, name: str) -> str:
        """Encrypt a text for the column `name`."""

    def open_text(self, sealed: str, name: str) -> str:
        """Decrypt a text of the column `name`."""


def set_vault(engine: Engine, vault: TextVault) -> None:
    """Let connections of an engine read and write encrypted columns."""
    cast(Any, engine.dialect).text_vault = vault


class EncryptedText(TypeDecorator[str]):
    """A text that is encrypted in the table; equal texts differ there, so none is searched."""

    impl = Text
    cache_ok = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as the table holds it."""
        return None if value is None else _vault(dialect).seal_text(value, self.name)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text of the table as it was written."""
        return None if value is None else _vault(dialect).open_text(value, self.name)


class EncryptedJson(EncryptedText):
    """JSON data that are encrypted in the table."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the data as the table holds them."""
        return super().process_bind_param(json.dumps(value, ensure_ascii=False), dialect)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the data of the table as they were written."""
        text = super().process_result_value(value, dialect)
        return None if text is None else json.loads(text)


def _vault(dialect: Dialect) -> TextVault:
    return cast(TextVault, cast(Any, dialect).text_vault)
