"""§4: the handshake, both roles."""

from dataclasses import dataclass
from typing import Any

from .cards import card_hash, device_id, device_of, verify_bundle, verify_card
from .codec import Reader
from .notation import AEAD, AEAD_open, DH, Decaps, Draw, Encaps, H, HKDF, L, kem_public, need, num, u, x25519_public
from .padding import pad, unpad


@dataclass
class Handshake:
    block: bytes
    name: bytes
    th2: bytes
    SK: bytes
    generation: int
    peer_card: dict
    peer_device: bytes


def transcript1(
    b_card_hash: bytes, b: dict, spk_id: int, spk: bytes, pqk_id: int, opk: bytes, pqk: bytes, EK: bytes, CT: bytes
) -> bytes:
    return H(
        L("hs1"),
        b"\1",
        b_card_hash,
        device_id(b),
        b["agreement"],
        u(spk_id, 4),
        spk,
        u(pqk_id, 4) if opk else b"",
        opk,
        u(pqk_id, 4),
        pqk,
        EK,
        CT,
    )


def seal_key(th1: bytes, secrets: bytes) -> bytes:
    return HKDF(bytes(32), b"\xff" * 32 + secrets, L("seal") + th1, 32)


def transcript2(th1: bytes, sealed: bytes, a_card: dict, b_identity: bytes, a: dict, a_hash: bytes) -> bytes:
    return H(L("hs2"), th1, sealed, a_card["identity"], b_identity, a["agreement"], device_id(a), a_hash)


def session_secret(th2: bytes, DH1: bytes, secrets: bytes) -> bytes:
    return HKDF(bytes(32), b"\xff" * 32 + DH1 + secrets, L("sk") + th2, 96)


def initiate(
    a_private: bytes,
    a_device: bytes,
    a_signed: dict,
    b_signed: dict,
    bundle: dict,
    generation: int,
    today: int,
    draw: Draw,
) -> tuple[Handshake, bytes]:
    """The handshake, and the public signed prekey, which is the ratchet's first peer key."""
    a_card, b_card = verify_card(a_signed), verify_card(b_signed)
    a, b = device_of(a_card, a_device), device_of(b_card, bundle["device"])
    spk, pq = verify_bundle(bundle, device_id(b), b["signing"], today)
    opk, pqk = pq.get("agreement", b""), pq["kem"] if "kem" in pq else pq["key"]
    ek = draw("ek", 32)
    EK = x25519_public(ek)
    CT, SS = Encaps(pqk, draw("m", 32))
    secrets = DH(ek, b["agreement"]) + DH(ek, spk["key"]) + (DH(ek, opk) if opk else b"") + SS
    th1 = transcript1(card_hash(b_signed), b, spk["id"], spk["key"], pq["id"], opk, pqk, EK, CT)
    raw = a_signed["raw"]
    initiator = u(generation, 8) + a_device + u(len(raw), 2) + raw + a_signed["signature"]
    sealed = AEAD(seal_key(th1, secrets), bytes(12), th1, pad(initiator, 512 if len(initiator) < 512 else 2048))
    th2 = transcript2(th1, sealed, a_card, b_card["identity"], a, card_hash(a_signed))
    numbers = b"\1" + u(b_card["version"], 4) + u(spk["id"], 4) + bytes([1 if opk else 0]) + u(pq["id"], 4)
    block = numbers + EK + CT + u(len(sealed), 2) + sealed
    SK = session_secret(th2, DH(a_private, spk["key"]), secrets)
    handshake = Handshake(block, H(L("hs-id"), EK, CT), th2, SK, generation, b_signed, bundle["device"])
    return handshake, spk["key"]


def split_block(body: bytes) -> tuple[dict, bytes]:
    """The fields of a handshake block, its bytes and name among them; and the wire behind it."""
    r = Reader(body)
    need(r.take(1) == b"\1", "suite")
    f: dict[str, Any] = {k: num(r.take(n)) for k, n in (("card", 4), ("spk", 4), ("kind", 1), ("pqk", 4))}
    f["EK"], f["CT"], length = r.take(32), r.take(1088), num(r.take(2))
    need(f["kind"] in (0, 1), "KEM kind")
    need(length in (528, 2064), "sealed length")
    f["sealed"] = r.take(length)
    f["block"], f["name"] = body[: len(body) - len(r.data)], H(L("hs-id"), f["EK"], f["CT"])
    return f, r.data


def respond(
    f: dict, b_private: bytes, b_device: dict, b_identity: bytes, b_card_hash: bytes, spk: bytes, opk: bytes, pqk: bytes
) -> Handshake:
    """`spk`, `opk` (or empty) and `pqk` are the private halves that the block names."""
    EK, CT, SS = f["EK"], f["CT"], Decaps(pqk, f["CT"])
    secrets = DH(b_private, EK) + DH(spk, EK) + (DH(opk, EK) if opk else b"") + SS
    th1 = transcript1(
        b_card_hash,
        b_device,
        f["spk"],
        x25519_public(spk),
        f["pqk"],
        x25519_public(opk) if opk else b"",
        kem_public(pqk),
        EK,
        CT,
    )
    r = Reader(unpad(AEAD_open(seal_key(th1, secrets), bytes(12), th1, f["sealed"])))
    generation, a_device = num(r.take(8)), r.take(16)
    a_signed = {"raw": r.take(num(r.take(2))), "signature": r.take(64)}
    need(not r.data, "bytes left over")
    a_card = verify_card(a_signed)
    a = device_of(a_card, a_device)
    th2 = transcript2(th1, f["sealed"], a_card, b_identity, a, card_hash(a_signed))
    SK = session_secret(th2, DH(spk, a["agreement"]), secrets)
    return Handshake(f["block"], f["name"], th2, SK, generation, a_signed, a_device)
