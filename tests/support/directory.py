"""A small OpenID provider on this machine: discovery, codes with PKCE, signed claims."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, abort, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "salsa", "a secret of two"


@dataclass
class Provider:
    """Signs in one person at once; `claims` are hers, `wrong` replaces what it signs or says."""

    claims: dict[str, Any]
    now: int
    issuer: str = ""
    wrong: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Flask:
        """Return the provider's application."""
        app = Flask("provider")

        @app.get("/.well-known/openid-configuration")
        def describe() -> dict[str, str]:
            paths = ("authorization", "token", "end_session")
            ends = {f"{name}_endpoint": f"{self.issuer}/{name}" for name in paths}
            issuer = self.wrong.get("issuer", self.issuer)
            return ends | {"issuer": issuer, "jwks_uri": f"{self.issuer}/keys"}

        @app.get("/keys")
        def keys() -> dict[str, Any]:
            return {"keys": [self.key.as_dict(private=False)]}

        @app.get("/authorization")
        def authorize() -> Any:
            code = f"code-{len(self.asked)}"
            self.asked[code] = dict(request.args)
            back = request.args["redirect_uri"]
            return redirect(f"{back}?code={code}&state={request.args['state']}")

        @app.post("/token")
        def token() -> dict[str, Any]:
            asked = self.asked.pop(request.form["code"], None)
            digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            who = request.authorization
            is_client = who is not None and (who.username, who.password) == (CLIENT, SECRET)
            if asked is None or asked["code_challenge"] != challenge or not is_client:
                abort(400)
            claims = {"iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"]}
            claims |= {"iat": self.now, "exp": self.now + 300, **self.claims, **self.wrong}
            signed = jwt.encode(
                {"alg": "RS256", "kid": "one"}, claims, self.wrong.get("key", self.key)
            )
            return {"access_token": "none", "token_type": "Bearer", "id_token": signed}

        return app


@contextmanager
def listening(provider: Provider) -> Iterator[Provider]:
    """Serve a provider on a port of this machine while the block runs."""
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
