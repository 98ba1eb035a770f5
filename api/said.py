"""What the parser of bodies says is wrong, as paths of fields and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from api.i18n import Lazy, translate
from salsa_ext.errors import Message


def flatten(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield `lines.0.quantity` and what is wrong there, from the parser's nested messages."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            at = path if key == "_schema" else f"{path}.{key}".lstrip(".")
            yield from flatten(inner, at)
    else:
        said = messages if isinstance(messages, list) else [messages]
        yield path, [_sentence(text) for text in said]


def as_messages(messages: Any, path: str = "", most: int | None = None) -> dict[str, list[Message]]:
    """Return the same as the errors of an Invalid, of at most `most` fields."""
    return {
        at: [Message("{text}", {"text": text}) for text in texts]
        for at, texts in islice(flatten(messages, path), most)
    }


def _sentence(text: Any) -> str:
    if isinstance(text, Lazy):  # marshmallow formats what fields say, not what schemas say
        return text.format()
    return translate(text) if isinstance(text, Message) else str(text)
