"""Hashes, chains, signatures and tree heads. Keys come in as bytes; nothing here makes or keeps one.

A device's facts form a chain: each carries the SHA-256 of the one before, so one Ed25519 signature over the
newest hash vouches for all before it. The hub's ledger is sealed by a Merkle tree head (RFC 6962 hashing), so
that a row that was taken out, put in or changed shows, even when the chains around it were rewritten.
"""

import hashlib
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inspection import InspectionError

HASH_BYTES = 32
SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32
PRIVATE_KEY_BYTES = 32
CHAIN_START = bytes(HASH_BYTES)
"""What the first fact of a device carries in place of the hash of the one before."""


class SignatureError(InspectionError):
    """A signature that does not hold, or a key that is none."""


def digest(data: bytes) -> bytes:
    """Return the SHA-256 of `data` (32 bytes)."""
    return hashlib.sha256(data).digest()


def _bound(purpose: str, data: bytes) -> bytes:
    # The purpose is signed with the data, so that a signature made for one thing can never pass for another.
    return b"passlane/" + purpose.encode() + b"\0" + data


class SigningKey:
    """An Ed25519 private key (RFC 8032). `private` is 32 bytes from a good source of randomness.

    Raises SignatureError when `private` has another length.
    """

    def __init__(self, private: bytes) -> None:
        if len(private) != PRIVATE_KEY_BYTES:
            raise SignatureError(f"a private key has {PRIVATE_KEY_BYTES} bytes, not {len(private)}")
        self._key = Ed25519PrivateKey.from_private_bytes(private)

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, purpose: str, data: bytes) -> bytes:
        """Return the signature (64 bytes) over `data` for `purpose`."""
        return self._key.sign(_bound(purpose, data))

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read a key written as 64 hexadecimal characters; raises SignatureError when it is none."""
        return cls(_from_hex(text, "private key"))


def _from_hex(text: str, what: str) -> bytes:
    try:
        return bytes.fromhex(text.strip())
    except ValueError as error:
        raise SignatureError(f"a {what} is written in hexadecimal") from error


def public_key_from_hex(text: str) -> bytes:
    """Return the public key written as 64 hexadecimal characters; raises SignatureError when it is none."""
    key = _from_hex(text, "public key")
    if len(key) != PUBLIC_KEY_BYTES:
        raise SignatureError(f"a public key has {PUBLIC_KEY_BYTES} bytes, not {len(key)}")
    return key


def verify(public: bytes, purpose: str, data: bytes, signature: bytes) -> None:
    """Check that the holder of `public` signed `data` for `purpose`.

    Raises SignatureError when the signature does not hold or the key is none.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _bound(purpose, data))
    except (InvalidSignature, ValueError) as error:
        raise SignatureError(f"the {purpose} signature does not hold") from error


class TreeHead:
    """A Merkle tree over a growing list of leaves, kept as its peaks: the roots of its complete subtrees.

    Hashing follows RFC 6962 §2.1: a leaf is SHA-256(0x00, data), a node SHA-256(0x01, left, right).
    `peaks` are left to right, each 32 bytes; their heights are the set bits of `size`, highest first.
    """

    def __init__(self, size: int = 0, peaks: tuple[bytes, ...] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise SignatureError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, left to right."""
        return tuple(self._peaks)

    def add(self, leaf: bytes) -> None:
        """Append one leaf."""
        sha256, peaks, size = hashlib.sha256, self._peaks, self.size
        node = sha256(b"\0" + leaf).digest()
        while size & 1:
            node = sha256(b"\1" + peaks.pop() + node).digest()
            size >>= 1
        peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the root: SHA-256 of nothing for the empty tree, else the peaks joined from the right."""
        if not self._peaks:
            return digest(b"")
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = digest(b"\1" + peak + root)
        return root
