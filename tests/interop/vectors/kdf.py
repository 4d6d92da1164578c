"""crypto/SPEC.md §1 and §2: labels, hashes and derivations."""

import hashlib

from msg_e2e import notation as n


def label(label: str) -> dict:
    return {"bytes": n.L(label)}


def h(fields: list[bytes]) -> dict:
    data = b"".join(n.u(len(field), 4) + field for field in fields)
    assert hashlib.sha256(data).digest() == n.H(*fields)
    return {"input of SHA-256": data, "hash": n.H(*fields)}


def hmac(key: bytes, message: bytes) -> dict:
    return {"mac": n.HMAC(key, message)}


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> dict:
    return {"prk": n.HMAC(salt or bytes(32), ikm), "okm": n.HKDF(salt, ikm, info, length)}


def expand(prk: bytes, info: bytes, length: int) -> dict:
    return {"okm": n.Expand(prk, info, length)}
