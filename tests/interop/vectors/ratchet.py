"""crypto/SPEC.md §5: conversations, entry by entry."""

import copy

from msg_e2e.notation import DH, HMAC, Decaps, Encaps, H, L, Refused, XAEAD_open, need, num, x25519_public
from msg_e2e.ratchet import HANDSHAKE, Ratchet, message_key

from .handshake import Party, begun
from .values import Draws, compare, literal


def conversation(handshake: dict, SK: bytes, th2: bytes, block: bytes, script: list) -> dict:
    compare({"SK": SK.hex(), "th2": th2.hex(), "block": block.hex()}, begun(handshake))
    spk = Party(handshake["B"]).serving(False)[0]
    talk = Conversation(th2, SK, block, spk)
    for number, entry in enumerate(script):
        try:
            getattr(talk, entry["do"])(**{name: value for name, value in entry.items() if name != "do"})
        except (AssertionError, TypeError) as difference:
            raise AssertionError(f"entry {number}: {difference}") from None
        except Refused as refusal:
            raise AssertionError(f"entry {number}: refused: {refusal}") from None
    return {}


class Conversation:
    def __init__(self, th2: bytes, SK: bytes, block: bytes, spk: bytes) -> None:
        self.block = block
        a, b = Ratchet.of_initiator(th2, SK, x25519_public(spk)), Ratchet.of_responder(th2, SK, spk)
        self.sides = {"A": (a, block), "B": (b, b"")}
        self.sent: dict[str, tuple[str, bytes]] = {}

    def seal(self, by: str, message: str, inputs: dict, outputs: dict, steps: dict | None = None) -> None:
        (ratchet, block), draws = self.sides[by], Draws(inputs["draws"])
        before = copy.deepcopy(ratchet)
        kind, body = draws.use(ratchet.seal, block, literal(inputs["content"]))
        self.sent[message] = kind, body
        compare(outputs, {"kind": kind, "body": body})
        wire = body[len(block) :] if kind == HANDSHAKE else body
        compare(steps or {}, sealing(before, ratchet, wire, inputs["draws"]))

    def open(
        self,
        by: str,
        message: str,
        at: int,
        steps: dict | None = None,
        outputs: dict | None = None,
        replace: dict | None = None,
        refused: str | None = None,
    ) -> None:
        kind, body = self.sent[message]
        if replace is not None:
            body = replaced(body, replace)
        wire, (ratchet, _) = body[len(self.block) :] if kind == HANDSHAKE else body, self.sides[by]
        before = copy.deepcopy(ratchet)
        try:
            content = ratchet.open(kind, wire, at)
            need(content is not None, "no header key fits")
        except Refused as refusal:
            assert refused, f"refused: {refusal}"
            assert ratchet == before, "a refusal changed the state"
            return
        assert not refused, "should be refused"
        compare(outputs, {"content": content})
        compare(steps or {}, opening(before, ratchet, kind, wire))

    def copy(self, **names: str) -> None:
        self.sides[names["as"]] = copy.deepcopy(self.sides[names["of"]])

    def lose(self, by: str, count: int) -> None:
        ratchet, block = self.sides[by]
        for _ in range(count):
            ratchet.seal(block, b"", lambda name, n: bytes(n))


def replaced(body: bytes, replace: dict) -> bytes:
    at, with_ = replace["at"], bytes.fromhex(replace["with"])
    return body[:at] + with_ + body[at + len(with_) :]


def sealing(before: Ratchet, after: Ratchet, wire: bytes, draws: dict) -> dict:
    """The values on the way to a wire, from the states around it."""
    drawn = {name: bytes.fromhex(value) for name, value in draws.items()}
    sending, nonce = after.sending, drawn["nonce"]
    new, ek, ct = sending.head
    values = {}
    if before.sending is None:
        ct, ks = Encaps(before.peer_ek, drawn["m"]) if before.peer_ek else (b"", b"")
        dh = DH(drawn["dh"], before.peer_dh)
        values["step"] = step(before, after, dh, ks, (x25519_public(drawn["dh"]), before.peer_dh, ek, ct))
        values["step"]["next header key"] = after.next_sending
        chain_key = values["step"]["chain key"]
    else:
        chain_key = before.sending.key
    length = len(new + ek + ct) + 8 + 16
    eh, mk = wire[24 : 24 + length], HMAC(chain_key, b"\1")
    header = XAEAD_open(sending.header_key, nonce, L("hdr"), eh)
    key, iv = message_key(mk, nonce)
    message = {"chain key": chain_key, "mk": mk, "next chain key": sending.key, "header key": sending.header_key}
    message |= {"pn": num(header[32:36]), "n": num(header[36:40]), "header": header, "eh": eh, "key": key, "iv": iv}
    return values | {"message": message}


def opening(before: Ratchet, after: Ratchet, kind: str, wire: bytes) -> dict:
    """The values on the way to a content, from the states around it."""
    length = 1240 if kind == HANDSHAKE else 2328
    for header_key in [chain.header_key for chain in before.receiving] + [before.next_receiving]:
        try:
            header = XAEAD_open(header_key, wire[:24], L("hdr"), wire[24 : 24 + length])
            break
        except Refused:
            continue
    values = {"header key": header_key, "pn": num(header[32:36]), "n": num(header[36:40])}
    if header_key == before.next_receiving:
        new, ek, ct = header[:32], header[40:1224], header[1224:]
        ks = Decaps(before.own_kem, ct) if ct else b""
        dh = DH(before.own_dh, new)
        values["step"] = step(before, after, dh, ks, (new, x25519_public(before.own_dh), ek, ct))
        values["step"]["next header key"] = after.next_receiving
    return values


def step(before: Ratchet, after: Ratchet, dh: bytes, ks: bytes, public: tuple) -> dict:
    new, peer, ek, ct = public
    turned = copy.deepcopy(before)
    chain, _ = turned._step(dh, ks, new, peer, ek, ct)
    assert turned.root == after.root
    values = {"root": before.root, "dh new": new, "dh peer": peer, "ek new": ek, "ct": ct, "DH": dh, "KS": ks}
    T = H(L("step"), new, peer, ek, ct)
    return values | {"T": T, "next root": after.root, "chain key": chain}
