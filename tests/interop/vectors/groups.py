"""protocol/SPEC.md, Groups: changes, states, and what is signed."""

import nacl.bindings as sodium

from msg_e2e.notation import H, L, ed25519_public

from . import schema as s


def change(kind: int, fields: dict) -> dict:
    return {"bytes": s.encode_kinded(s.CHANGES, kind, fields)}


def state(state: dict) -> dict:
    data = s.encode(s.STATE, state)
    return {"bytes": data, "hash": H(L("group-state"), data)}


def sign(label: str, seed: bytes, value: dict) -> dict:
    raw = s.encode(s.COMMIT if label == "sig/group" else s.ACCEPT, value)
    secret = sodium.crypto_sign_seed_keypair(seed)[1]
    signature = sodium.crypto_sign(L(label) + raw, secret)[:64]
    hash = H(L("group-commit"), raw) if label == "sig/group" else None
    return {"key": ed25519_public(seed), "signed": {"raw": raw, "signature": signature}, "hash": hash}
