"""§11: rows and the wrapped data key."""

from .codec import Reader
from .notation import H, HKDF, HMAC, L, XAEAD, XAEAD_open, need, num, u
from .password import argon2id


def row_key(K: bytes, table: bytes, key: bytes) -> bytes:
    return HMAC(HKDF(bytes(32), K, L("row-index"), 32), L("row-key") + H(table, key))


def row_seal(K: bytes, table: bytes, key: bytes, generation: int, nonce: bytes, value: bytes) -> bytes:
    ad = H(L("row"), table, key, u(generation, 8))
    return b"\1" + nonce + XAEAD(HKDF(bytes(32), K, L("row-seal"), 32), nonce, ad, value)


def row_open(K: bytes, table: bytes, key: bytes, generation: int, sealed: bytes) -> bytes:
    r, ad = Reader(sealed), H(L("row"), table, key, u(generation, 8))
    need(r.take(1) == b"\1", "row format")
    return XAEAD_open(HKDF(bytes(32), K, L("row-seal"), 32), r.take(24), ad, r.data)


def wrap_password(K: bytes, password: str, m: int, t: int, p: int, salt: bytes, nonce: bytes) -> bytes:
    header = b"msgkey\1\1" + u(m, 4) + u(t, 4) + u(p, 4) + salt
    KEK = HKDF(salt, argon2id(password, salt, m, t, p), L("wrap/password"), 32)
    return header + nonce + XAEAD(KEK, nonce, header, K)


def wrap_key_file(K: bytes, key: bytes, salt: bytes, nonce: bytes) -> bytes:
    header = b"msgkey\1\2" + salt
    return header + nonce + XAEAD(HKDF(salt, key, L("wrap/key-file"), 32), nonce, header, K)


def unwrap(wrapped: bytes, secret: str | bytes) -> bytes:
    """`secret` is a password, or the 32 bytes of a key file."""
    r = Reader(wrapped)
    need(r.take(7) == b"msgkey\1", "wrapped key format")
    need(r.take(1) == (b"\1" if isinstance(secret, str) else b"\2"), "kdf")
    if isinstance(secret, str):
        m, t, p, salt = num(r.take(4)), num(r.take(4)), num(r.take(4)), r.take(16)
        need(8 * p <= m <= 1 << 20 and 0 < t <= 10 and 0 < p <= 16, "parameters")
        KEK = HKDF(salt, argon2id(secret, salt, m, t, p), L("wrap/password"), 32)
    else:
        salt = r.take(16)
        KEK = HKDF(salt, secret, L("wrap/key-file"), 32)
    header, nonce = wrapped[: len(wrapped) - len(r.data)], r.take(24)
    K = XAEAD_open(KEK, nonce, header, r.data)
    need(len(K) == 32, "data key")
    return K
