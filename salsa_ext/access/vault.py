"""Encryption of secrets at rest with the installation's master key.

A copy of the database contains no private key, and the key file alone decrypts nothing.
AES-256-GCM; a secret encrypted under one name cannot be decrypted under another. The first line of
the file is the master key; the lines after it, newest first, encrypt personal texts, and rotate.
Without such a line a key that is derived from the master key does.
"""

from __future__ import annotations

import secrets
import stat
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.private_files import sync_folder, write_private

NONCE_LENGTH = 12
KEY_LENGTH = 32

_CIPHERS: dict[Path, tuple[tuple[int, int, int], tuple[AESGCM, ...]]] = {}


@dataclass(frozen=True)
class Vault:
    """Encrypts with the key file `path`; created on first use if `is_own`."""

    path: Path
    is_own: bool = True

    @classmethod
    def from_config(cls, config: Config) -> Vault:
        """Return the installation's vault: the configured file, or `home/master.key`."""
        named = config.master_key_file
        return cls(named or config.home / "master.key", named is None)

    def seal(self, secret: bytes, name: str) -> bytes:
        """Encrypt a secret for storage under `name`; raises NotConfigured."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        return nonce + AESGCM(self._key()).encrypt(nonce, secret, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt a secret of `name`; raises NotConfigured for another master key."""
        try:
            return AESGCM(self._key()).decrypt(
                sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], name.encode()
            )
        except InvalidTag:
            raise NotConfigured(
                message(
                    "{name} was sealed with another master key than that in {path}: put the"
                    " old file back, or make a new key by salsa signing-key rotate.",
                    name=name,
                    path=str(self.path),
                )
            ) from None

    def derive(self, name: str) -> bytes:
        """Derive a 32-byte key of this installation for `name`; raises NotConfigured."""
        derivation = HKDF(hashes.SHA256(), KEY_LENGTH, salt=None, info=name.encode())
        return derivation.derive(self._key())

    def seal_text(self, text: str, name: str) -> str:
        """Encrypt a personal text for the column `name` with the newest key, as base64."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        sealed = self._text_ciphers()[0].encrypt(nonce, text.encode(), name.encode())
        return b64encode(nonce + sealed).decode()

    def open_text(self, sealed: str, name: str) -> str:
        """Decrypt a personal text of the column `name`; raises NotConfigured without its key."""
        raw = b64decode(sealed)
        for cipher in self._text_ciphers():
            with suppress(InvalidTag):
                return cipher.decrypt(
                    raw[:NONCE_LENGTH], raw[NONCE_LENGTH:], name.encode()
                ).decode()
        raise NotConfigured(
            message(
                "{name} was encrypted with a key that is not in {path}. Put the old file back.",
                name=name,
                path=str(self.path),
            )
        )

    def add_text_key(self) -> None:
        """Write a new key for personal texts to the file, and keep the newest of the old ones."""
        master, *old = self._keys()
        lines = [master, secrets.token_bytes(KEY_LENGTH), *old[:1]]
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        try:
            write_private(fresh, "\n".join(each.hex() for each in lines))
            fresh.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise NotConfigured(
                message(
                    "The master key in {path} cannot be changed: {cause}.",
                    path=str(self.path),
                    cause=error.strerror or "",
                )
            ) from None

    def _text_ciphers(self) -> tuple[AESGCM, ...]:
        """Return the ciphers for personal texts, newest first; read again when the file changes."""
        try:
            status = self.path.stat()
            stamp = status.st_ino, status.st_mtime_ns, status.st_size
        except OSError:
            stamp = (0, 0, 0)
        known = _CIPHERS.get(self.path)
        if known is None or known[0] != stamp:
            _, *rotated = self._keys()
            keys = rotated if len(rotated) > 1 else [*rotated, self.derive("personal texts")]
            known = _CIPHERS[self.path] = (stamp, tuple(map(AESGCM, keys)))
        return known[1]

    def _key(self) -> bytes:
        return self._keys()[0]

    def _keys(self) -> list[bytes]:
        """Return the keys of the file: the master key, and those for personal texts."""
        try:
            text = self._text()
        except OSError as error:
            raise NotConfigured(
                message(
                    "The master key in {path} cannot be read: {cause}.",
                    path=str(self.path),
                    cause=error.strerror or "",
                )
            ) from None
        try:
            keys = [bytes.fromhex(line) for line in text.split("\n")]
        except ValueError:
            keys = []
        if {len(key) for key in keys} != {KEY_LENGTH}:
            raise NotConfigured(
                message(
                    "{path} is no master key: 64 hexadecimal digits are one, such as"
                    " openssl rand -hex 32 gives.",
                    path=str(self.path),
                )
            )
        return keys

    def _text(self) -> str:
        if self.is_own and not self.path.exists():
            self._make()
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise NotConfigured(
                message(
                    "{path} can be read by others than its owner: run chmod 600 {path}.",
                    path=str(self.path),
                )
            )
        return self.path.read_text().strip()

    def _make(self) -> None:
        """Create the key file; concurrent processes agree on one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        write_private(fresh, secrets.token_hex(KEY_LENGTH))
        try:
            self.path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
