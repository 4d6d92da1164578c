"""§10: the payload of a file."""

import hashlib

from .codec import Reader
from .notation import AEAD, AEAD_open, HKDF, need, u

CHUNK = 65_536


def padme(n: int) -> int:
    e = n.bit_length() - 1
    unit = 1 << (e - e.bit_length())
    return -(-n // unit) * unit


def file_seal(file_key: bytes, nonce: bytes, data: bytes) -> bytes:
    key, starts = HKDF(nonce, file_key, b"payload", 32), range(0, len(data), CHUNK) or range(1)
    chunks = (
        AEAD(key, u(i, 11) + bytes([at == starts[-1]]), b"", data[at : at + CHUNK]) for i, at in enumerate(starts)
    )
    return nonce + b"".join(chunks)


def file_open(file_key: bytes, payload: bytes) -> bytes:
    r, out, i = Reader(payload), b"", 0
    key = HKDF(r.take(16), file_key, b"payload", 32)
    while True:
        chunk = r.take(min(len(r.data), CHUNK + 16))
        plain = AEAD_open(key, u(i, 11) + bytes([not r.data]), b"", chunk)
        need(bool(plain) or i == 0, "empty last chunk")
        out, i = out + plain, i + 1
        if not r.data:
            return out


def upload(file_key: bytes, nonce: bytes, data: bytes) -> tuple[bytes, bytes]:
    """The payload of an extended file, and its hash."""
    payload = file_seal(file_key, nonce, data + bytes(padme(max(len(data), CHUNK)) - len(data)))
    return payload, hashlib.sha256(payload).digest()


def download(file_key: bytes, payload: bytes, length: int, padded: int, sha256: bytes) -> bytes:
    """The file, if the payload is the one that the message states."""
    need(hashlib.sha256(payload).digest() == sha256, "hash of the payload")
    need(padded == padme(max(length, CHUNK)), "padded length")
    plain = file_open(file_key, payload)
    need(len(plain) == padded and not any(plain[length:]), "padding of the file")
    return plain[:length]
