"""The ETag of an answer: by which a reader learns that nothing changed, and a writer what he had seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request

from salsa_ext.errors import StaleVersion, say

View = Callable[..., Any]


def tagged(result: Any) -> Any:
    """Remember the version, of which the ETag is made when the body is known."""
    g.version = getattr(result, "version", None)
    return result


def etagged(view: View) -> View:
    """Give the answer a strong ETag: version, language, and a digest of what is shown."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = view(*args, **ids)
        if (version := g.get("version")) is not None:
            shown = hashlib.blake2b(response.get_data(), digest_size=6).hexdigest()
            response.set_etag(f"{version}.{g.language}.{shown}")
        return response

    return run


def weakly(view: View, passing: str) -> View:
    """Give the answer a weak ETag of what is shown, but for the moment at which it was."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = view(*args, **ids)
        shown = {name: value for name, value in response.get_json().items() if name != passing}
        told = current_app.json.dumps(shown).encode()
        response.set_etag(hashlib.blake2b(told, digest_size=12).hexdigest(), weak=True)
        return response

    return run


def conditional(view: View) -> View:
    """Answer 304 to who has what is shown already; raises StaleVersion for who wants another version."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = etagged(view)(*args, **ids).make_conditional(request)
        if response.status_code == 412:
            raise StaleVersion(say("This was changed since you read it; read it again."))
        return response

    return run
