"""ETags of responses, for caching and for optimistic locking."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request

from salsa_ext.core.errors import StaleVersion

View = Callable[..., Any]


def remember_version(result: Any) -> Any:
    """Remember the version of a result for the ETag."""
    g.version = getattr(result, "version", None)
    return result


def with_etag(view: View) -> View:
    """Add a strong ETag: version, language and digest of the body."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = view(*args, **ids)
        if (version := g.get("version")) is not None:
            digest = hashlib.blake2b(response.get_data(), digest_size=6).hexdigest()
            response.set_etag(f"{version}.{g.language}.{digest}")
        return response

    return run


def with_weak_etag(view: View, ignored_field: str) -> View:
    """Add a weak ETag of the body without one field."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = view(*args, **ids)
        content = {
            name: value for name, value in response.get_json().items() if name != ignored_field
        }
        encoded = current_app.json.dumps(content).encode()
        response.set_etag(hashlib.blake2b(encoded, digest_size=12).hexdigest(), weak=True)
        return response

    return run


def with_conditional_etag(view: View) -> View:
    """Answer 304 if the ETag matches; raises StaleVersion for 412."""

    @wraps(view)
    def run(*args: Any, **ids: Any) -> Any:
        response: Response = with_etag(view)(*args, **ids).make_conditional(request)
        if response.status_code == 412:
            raise StaleVersion
        return response

    return run
