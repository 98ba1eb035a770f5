"""The installation's master key: it seals what must not be read from the database alone.

Whoever holds a copy of the database holds no private key with it, and whoever holds the file has
nothing to open. AES-256-GCM; what is sealed for one name does not open under another.
"""

from __future__ import annotations

import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from salsa_ext.config import Config
from salsa_ext.errors import NotConfigured, say
from salsa_ext.postgres.files import write_private

NONCE = 12
LENGTH = 32


@dataclass(frozen=True)
class Vault:
    """Seals and opens with the key in `path`; `is_own` says that the service may make the file."""

    path: Path
    is_own: bool = True

    @classmethod
    def of(cls, config: Config) -> Vault:
        """Return the vault of an installation: the file that was named, else `master.key` in home."""
        named = config.master_key_file
        return cls(named or config.home / "master.key", named is None)

    def seal(self, secret: bytes, name: str) -> bytes:
        """Return a secret as it may be stored under `name`; raises NotConfigured."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._key()).encrypt(nonce, secret, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Return what was sealed under `name`; raises NotConfigured where another key sealed it."""
        try:
            return AESGCM(self._key()).decrypt(sealed[:NONCE], sealed[NONCE:], name.encode())
        except InvalidTag:
            raise NotConfigured(say("{name} was sealed with another master key than that in {path}: put the"
                                    " old file back, or make a new key by salsa signing-key rotate.",
                                    name=name, path=str(self.path))) from None  # fmt: skip

    def derive(self, name: str) -> bytes:
        """Return a key of 32 bytes that this installation alone makes for a name; raises NotConfigured."""
        made = HKDF(hashes.SHA256(), LENGTH, salt=None, info=name.encode())
        return made.derive(self._key())

    def _key(self) -> bytes:
        try:
            text = self._text()
        except OSError as error:
            raise NotConfigured(say("The master key in {path} cannot be read: {cause}.",
                                    path=str(self.path), cause=error.strerror or "")) from None  # fmt: skip
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != LENGTH:
            raise NotConfigured(say("{path} is no master key: 64 hexadecimal digits are one, such as"
                                    " openssl rand -hex 32 gives.", path=str(self.path)))  # fmt: skip
        return key

    def _text(self) -> str:
        if self.is_own and not self.path.exists():
            self._make()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise NotConfigured(say("{path} can be read by others than its owner: run chmod 600 {path}.",
                                    path=str(self.path)))  # fmt: skip
        return self.path.read_text().strip()

    def _make(self) -> None:
        """Make the key; another process that does so at the same moment wins, and its key counts.

        A link takes the name only where it is free, and what it names is whole already.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        write_private(fresh, secrets.token_hex(LENGTH))
        try:
            self.path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
