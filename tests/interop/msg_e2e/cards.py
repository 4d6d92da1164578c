"""Cards and prekeys: their encoding, signatures and rules (protocol/SPEC.md; §3)."""

import re
from typing import Any

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from .codec import List, Option, decode, encode
from .notation import H, L, Refused, need

CARD = [
    ("format", "u8"),
    ("identity", 32),
    ("name", "str"),
    ("version", "u32"),
    ("previous", 32),
    ("created", "u32"),
    ("devices", (List, [("signing", 32), ("agreement", 32), ("added", "u32")])),
]
PREKEY = [("format", "u8"), ("id", "u32"), ("key", 32), ("expires", "u32")]
KEM_PREKEY = [("format", "u8"), ("id", "u32"), ("key", 1184), ("expires", "u32")]
ONE_TIME = [("format", "u8"), ("id", "u32"), ("agreement", 32), ("kem", 1184)]
SIGNED = [("raw", "bytes"), ("signature", 64)]
BUNDLE = [("device", 16), ("signed", SIGNED), ("last_resort", SIGNED), ("one_time", (Option, SIGNED))]


def sign(label: str, kind: Any, seed: bytes, value: dict) -> dict:
    """§3: signs the exact bytes that travel."""
    raw = encode(kind, value)
    secret = sodium.crypto_sign_seed_keypair(seed)[1]
    return {"raw": raw, "signature": sodium.crypto_sign(L(label) + raw, secret)[:64]}


def verify_bytes(key: bytes, message: bytes, signature: bytes) -> None:
    """Strict: libsodium refuses a key or R of small order, and a large S."""
    try:
        sodium.crypto_sign_open(signature + message, key)
    except (CryptoError, ValueError):
        raise Refused("signature") from None


def verify(label: str, kind: Any, key: bytes, signed: dict) -> dict:
    """§3: verifies, then decodes."""
    verify_bytes(key, L(label) + signed["raw"], signed["signature"])
    value = decode(kind, signed["raw"])
    need(value["format"] == 1, "unknown format")
    return value


def account_id(identity: bytes) -> bytes:
    return H(L("acct"), identity)[:16]


def device_id(device: dict) -> bytes:
    return H(L("dev"), device["signing"], device["agreement"])[:16]


def mailbox_id(account: bytes, device: bytes) -> bytes:
    return H(L("mbx"), account, device)[:16]


def card_hash(signed: dict) -> bytes:
    return H(L("card"), signed["raw"])


def verify_card(signed: dict) -> dict:
    need(len(signed["raw"]) <= 1536, "card too long")
    card = verify("sig/card", CARD, decode_identity(signed["raw"]), signed)
    need(card["version"] > 0 and (card["version"] == 1) == (card["previous"] == bytes(32)), "card version")
    need(bool(re.fullmatch("[a-z][a-z0-9._-]{1,31}", card["name"])), "account name")
    need(1 <= len(card["devices"]) <= 16, "number of devices")
    for key in ("signing", "agreement"):
        need(len({d[key] for d in card["devices"]}) == len(card["devices"]), "device listed twice")
    return card


def decode_identity(raw: bytes) -> bytes:
    return decode(CARD, raw)["identity"]


def succession(held_signed: dict, offered_signed: dict) -> str:
    """How a card that is offered relates to the one that is held."""
    held, offered = verify_card(held_signed), verify_card(offered_signed)
    if held["identity"] != offered["identity"]:
        return "foreign identity"
    if held["name"] != offered["name"]:
        return "renamed"
    if offered["version"] < held["version"]:
        return "rollback"
    if offered["version"] == held["version"]:
        return "same" if held_signed["raw"] == offered_signed["raw"] else "fork"
    if offered["version"] > held["version"] + 1:
        return "gap"
    return "next" if offered["previous"] == card_hash(held_signed) else "fork"


def device_of(card: dict, device: bytes) -> dict:
    found = [d for d in card["devices"] if device_id(d) == device]
    need(len(found) == 1, "device not on the card")
    return found[0]


def verify_bundle(bundle: dict, device: bytes, signing: bytes, today: int) -> tuple[dict, dict]:
    """The signed prekey, and the one-time pair or else the last-resort key (§3)."""
    need(bundle["device"] == device, "bundle of another device")
    spk = verify("sig/spk", PREKEY, signing, bundle["signed"])
    pqk = verify("sig/kem", KEM_PREKEY, signing, bundle["last_resort"])
    for prekey in (spk, pqk):
        need(today - 1 <= prekey["expires"] <= today + 61, "prekey's day")
    if bundle["one_time"] is not None:
        pqk = verify("sig/otp", ONE_TIME, signing, bundle["one_time"])
    return spk, pqk
