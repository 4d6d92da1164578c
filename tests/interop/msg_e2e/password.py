"""§9: from a password to the account's credential."""

import unicodedata

from argon2.low_level import Type, hash_secret_raw

from .notation import H, HKDF, L, need


def argon2id(password: str, salt: bytes, m_kib: int, t: int, p: int) -> bytes:
    text = unicodedata.normalize("NFKC", password)
    need(len(text) >= 8 and len(text.encode()) <= 1024, "length of the password")
    return hash_secret_raw(text.encode(), salt, t, m_kib, p, 32, Type.ID)


def password_salt(host: str, name: str) -> bytes:
    return H(L("pw-salt"), host.encode(), name.encode())[:16]


def password_master(password: str, host: str, name: str) -> bytes:
    return argon2id(password, password_salt(host, name), 65_536, 3, 1)


def password_credential(master: bytes) -> bytes:
    return HKDF(b"", master, L("auth"), 32)
