"""A security key in software: it makes and uses one passkey as a browser would answer (WebAuthn)."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One device; `flags` tell whether its person was there and was verified."""

    origin: str = "http://localhost"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: str = ""

    def create(self, options: str) -> str:
        """Return the answer to options of `navigator.credentials.create`."""
        asked = json.loads(options)
        self.handle = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public_key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = len(self.credential_id).to_bytes(2) + self.credential_id
        data = self._data(asked["rp"]["id"], HAS_KEY)
        data += bytes(16) + credential + cbor2.dumps(public_key)
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        return self._answer(
            asked, "webauthn.create", attestationObject=_text(cbor2.dumps(attestation))
        )

    def get(self, options: str) -> str:
        """Return the answer to options of `navigator.credentials.get`."""
        asked = json.loads(options)
        self.count += 1
        data = self._data(asked["rpId"])
        client = self._client(asked, "webauthn.get")
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            asked,
            "webauthn.get",
            authenticatorData=_text(data),
            signature=_text(signature),
            userHandle=self.handle,
        )

    def _data(self, site: str, more: int = 0) -> bytes:
        head = hashlib.sha256(site.encode()).digest()
        return head + bytes([self.flags | more]) + self.count.to_bytes(4)

    def _client(self, asked: dict[str, Any], kind: str) -> bytes:
        client = {"type": kind, "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(client).encode()

    def _answer(self, asked: dict[str, Any], kind: str, **response: str) -> str:
        credential = _text(self.credential_id)
        response["clientDataJSON"] = _text(self._client(asked, kind))
        return json.dumps(
            {"id": credential, "rawId": credential, "type": "public-key", "response": response}
        )


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
