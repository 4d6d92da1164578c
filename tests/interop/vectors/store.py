"""crypto/SPEC.md §11: rows, the wrapped data key, the key file."""

import base64
import unicodedata

from msg_e2e import store
from msg_e2e.notation import H, HKDF, L, need, u
from msg_e2e.password import argon2id

from .values import Draws


def row(data_key: bytes, table: str, key: bytes, generation: int, value: bytes, draws: dict) -> dict:
    place, drawn = (data_key, table.encode(), key), Draws(draws)
    sealed = store.row_seal(*place, generation, drawn("nonce", 24), value)
    assert not drawn.left and store.row_open(*place, generation, sealed) == value
    ad = H(L("row"), table.encode(), key, u(generation, 8))
    keys = {name: HKDF(bytes(32), data_key, L(f"row-{name}"), 32) for name in ("index", "seal")}
    steps = {"index key": keys["index"], "seal key": keys["seal"], "associated data": ad}
    return steps | {"row key": store.row_key(*place), "row": sealed}


def open_row(data_key: bytes, table: str, key: bytes, generation: int, row: bytes) -> dict:
    return {"value": store.row_open(data_key, table.encode(), key, generation, row)}


def wrap_by_password(data_key: bytes, password: str, m: int, t: int, p: int, draws: dict) -> dict:
    drawn = Draws(draws)
    salt, nonce = drawn("salt", 16), drawn("nonce", 24)
    wrapped, hash = store.wrap_password(data_key, password, m, t, p, salt, nonce), argon2id(password, salt, m, t, p)
    assert not drawn.left and store.unwrap(wrapped, password) == data_key
    normal = unicodedata.normalize("NFKC", password).encode()
    steps = {"normal": normal, "header": wrapped[:36], "argon2id": hash}
    return steps | {"KEK": HKDF(salt, hash, L("wrap/password"), 32), "wrapped": wrapped}


def wrap_by_key_file(data_key: bytes, file_key: bytes, draws: dict) -> dict:
    drawn = Draws(draws)
    salt, nonce = drawn("salt", 16), drawn("nonce", 24)
    wrapped = store.wrap_key_file(data_key, file_key, salt, nonce)
    assert not drawn.left and store.unwrap(wrapped, file_key) == data_key
    return {"header": wrapped[:24], "KEK": HKDF(salt, file_key, L("wrap/key-file"), 32), "wrapped": wrapped}


def unwrap(wrapped: bytes, password: str | None, file_key: bytes) -> dict:
    return {"data key": store.unwrap(wrapped, file_key if password is None else password)}


def key_file(text: str) -> dict:
    head, key = text[:16], text[16:-1]
    need(head == "msg-store-key-1:" and text[-1:] == "\n", "key file")
    need(len(key) == 52 and set(key) <= set("abcdefghijklmnopqrstuvwxyz234567"), "key in the key file")
    decoded = base64.b32decode(key.upper() + "====")
    need(base64.b32encode(decoded).decode().rstrip("=").lower() == key, "stray bits")
    return {"file key": decoded}
