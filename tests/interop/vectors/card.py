"""protocol/SPEC.md, Cards: encoding, signature, rules, and who follows whom."""

from msg_e2e import cards
from msg_e2e.notation import L, ed25519_public


def sign(seed: bytes, card: dict) -> dict:
    card = {name: bytes.fromhex(card[name]) if name in ("identity", "previous") else card[name] for name in card}
    keys = ("signing", "agreement")
    card["devices"] = [{k: bytes.fromhex(d[k]) if k in keys else d[k] for k in d} for d in card["devices"]]
    assert ed25519_public(seed) == card["identity"]
    signed = cards.sign("sig/card", cards.CARD, seed, card)
    assert cards.verify_card(signed) == card
    account, devices = cards.account_id(card["identity"]), [cards.device_id(d) for d in card["devices"]]
    outputs = {"account": account, "devices": devices, "mailboxes": [cards.mailbox_id(account, d) for d in devices]}
    message = L("sig/card") + signed["raw"]
    return signed | outputs | {"signed message": message, "hash": cards.card_hash(signed)}


def verify(raw: bytes, signature: bytes) -> dict:
    return cards.verify_card({"raw": raw, "signature": signature})


def succession(held: dict[str, bytes], offered: dict[str, bytes]) -> dict:
    return {"verdict": cards.succession(held, offered)}
