"""Checks every file of test vectors against the second implementation.

Usage: check_vectors.py FOLDER. Prints a line a file; exits 1 if a value differs, a field
is left unchecked, or a file is missing.

A file is {"about": text, "cases": [case, ...]}. In a case byte strings are hex, counts are
numbers, names and passwords are text; "about" says what the case shows, "what" which of the
kinds below it is, and "refused": true that the input must be refused. Fields, with the names
of SPEC (inputs, then -> outputs):

kdf        label: x -> L                     H: fields[] -> hash      HMAC: k m -> out
           HKDF: salt ikm info -> out        Expand: prk info -> out
           step: root DH KS dh_new dh_peer ek_new ct -> T root_new chain next_header_key
           chain: chain -> mk chain_new      message: mk nonce -> key iv
card       card | spk | kem | otp: seed, value -> key raw signature (card: account hash device_ids[])
handshake  A_agreement A_device A_card B_agreement B_card bundle SPK OPK PQK ek m generation today
           -> EK CT SS DH1 DH2 DH3 DH4 th1 seal initiator sealed th2 SK block name
           (cards {raw signature}; SPK, OPK, PQK and ek are private halves, PQK a seed;
           OPK and DH4 are empty when absent)
ratchet    th2 SK SPK block steps[]: {send: "A"|"B", content, nonce, and on a step dh kem m -> kind body}
           or {open: index of a send, at -> content} or {open, at, refused: true}
padding    pad: content size -> padded       unpad: padded -> content
           body: kind content_length initiator -> size     (initiator 512, 2048, or 0 in a session)
safety     own peer -> own_value peer_value number qr
password   password host name -> salt master credential
file       payload: file_key nonce plaintext -> payload    open: file_key payload -> plaintext
           padme: n -> padded
store      row: K table key generation nonce value -> row_key sealed
           password: K password m t p salt nonce -> wrapped     key-file: K key salt nonce -> wrapped
           unwrap: secret (text or hex by kdf) wrapped -> K
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msg_e2e import cards, codec, files, handshake, notation, padding, password, safety, store
from msg_e2e.notation import DH, HKDF, HMAC, Encaps, Expand, H, L, Refused, need
from msg_e2e.ratchet import HANDSHAKE, Ratchet, message_key


class Case:
    """One case; knows which of its fields nobody has looked at."""

    def __init__(self, fields: dict) -> None:
        self.fields = fields
        self.unchecked = set(fields) - {"about", "what", "refused"}

    def value(self, name: str) -> Any:
        self.unchecked.discard(name)
        return self.fields[name]

    def has(self, name: str) -> bool:
        return name in self.fields

    def hex(self, name: str) -> bytes:
        return bytes.fromhex(self.value(name))

    def signed(self, name: str) -> dict:
        return {key: bytes.fromhex(value) for key, value in self.value(name).items()}

    def expect(self, **outputs: Any) -> None:
        for name, computed in outputs.items():
            computed = computed.hex() if isinstance(computed, bytes) else computed
            stated = self.value(name)
            assert stated == computed, f"{name}: vector has {stated}, second implementation has {computed}"


def kdf(case: Case, what: str) -> None:
    if what == "label":
        case.expect(L=L(case.value("x")))
    elif what == "H":
        case.expect(hash=H(*map(bytes.fromhex, case.value("fields"))))
    elif what == "HMAC":
        case.expect(out=HMAC(case.hex("k"), case.hex("m")))
    elif what == "HKDF":
        size = len(case.hex("out"))
        case.expect(out=HKDF(case.hex("salt"), case.hex("ikm"), case.hex("info"), size))
    elif what == "Expand":
        case.expect(out=Expand(case.hex("prk"), case.hex("info"), len(case.hex("out"))))
    elif what == "step":
        T = H(L("step"), *(case.hex(name) for name in ("dh_new", "dh_peer", "ek_new", "ct")))
        out = HKDF(case.hex("root"), case.hex("DH") + case.hex("KS"), L("rk") + T, 96)
        case.expect(T=T, root_new=out[:32], chain=out[32:64], next_header_key=out[64:])
    elif what == "chain":
        chain = case.hex("chain")
        case.expect(mk=HMAC(chain, b"\1"), chain_new=HMAC(chain, b"\2"))
    elif what == "message":
        key, iv = message_key(case.hex("mk"), case.hex("nonce"))
        case.expect(key=key, iv=iv)
    else:
        raise AssertionError(f"unknown kind {what}")


def card(case: Case, what: str) -> None:
    kinds = {"card": cards.CARD, "spk": cards.PREKEY, "kem": cards.KEM_PREKEY, "otp": cards.ONE_TIME}
    kind = kinds[what]
    if case.fields.get("refused"):
        signed = {"raw": case.hex("raw"), "signature": case.hex("signature")}
        key = case.hex("key")
        if what == "card":
            need(cards.verify_card(signed)["identity"] == key, "identity")
        else:
            cards.verify(f"sig/{what}", kind, key, signed)
        return
    seed, value = case.hex("seed"), from_hex(kind, case.value("value"))
    signed = cards.sign(f"sig/{what}", kind, seed, value)
    case.expect(key=notation.ed25519_public(seed), **signed)
    assert codec.decode(kind, signed["raw"]) == value
    if what == "card":
        card = cards.verify_card(signed)
        case.expect(account=cards.account_id(card["identity"]), hash=cards.card_hash(signed))
        case.expect(device_ids=[cards.device_id(device).hex() for device in card["devices"]])
    else:
        cards.verify(f"sig/{what}", kind, notation.ed25519_public(seed), signed)


def from_hex(kind: Any, value: Any) -> Any:
    if isinstance(kind, list):
        return {name: from_hex(inner, value[name]) for name, inner in kind}
    if isinstance(kind, tuple):
        return [from_hex(kind[1], item) for item in value]
    return bytes.fromhex(value) if isinstance(kind, int) else value


def shake_hands(case: Case, what: str) -> None:
    draws = {"ek": case.hex("ek"), "m": case.hex("m")}
    a_card, b_card = case.signed("A_card"), case.signed("B_card")
    a_private, b_private = case.hex("A_agreement"), case.hex("B_agreement")
    spk, opk, pqk = case.hex("SPK"), case.hex("OPK"), case.hex("PQK")
    bundle = codec.decode(cards.BUNDLE, case.hex("bundle"))
    own = a_private, case.hex("A_device"), a_card
    a, first_key = handshake.initiate(
        *own, b_card, bundle, case.value("generation"), case.value("today"), lambda name, n: draws[name]
    )
    assert first_key == notation.x25519_public(spk)
    block, rest = handshake.split_block(a.block)
    assert not rest
    b_device = cards.device_of(cards.verify_card(b_card), bundle["device"])
    b_identity = cards.verify_card(b_card)["identity"]
    b = handshake.respond(block, b_private, b_device, b_identity, cards.card_hash(b_card), spk, opk, pqk)
    assert (a.th2, a.SK, a.name, a.generation) == (b.th2, b.SK, b.name, b.generation)

    ek = draws["ek"]
    CT, SS = Encaps(notation.kem_public(pqk), draws["m"])
    DH1 = DH(a_private, notation.x25519_public(spk))
    DH2, DH3 = DH(ek, b_device["agreement"]), DH(ek, notation.x25519_public(spk))
    DH4 = DH(ek, notation.x25519_public(opk)) if opk else b""
    th1 = handshake.transcript1(
        cards.card_hash(b_card), b_device, block["spk"], notation.x25519_public(spk), block["pqk"],
        notation.x25519_public(opk) if opk else b"", notation.kem_public(pqk), block["EK"], CT,
    )  # fmt: skip
    seal = handshake.seal_key(th1, DH2 + DH3 + DH4 + SS)
    initiator = padding.unpad(notation.AEAD_open(seal, bytes(12), th1, block["sealed"]))
    case.expect(EK=block["EK"], CT=CT, SS=SS, DH1=DH1, DH2=DH2, DH3=DH3, DH4=DH4, th1=th1, seal=seal)
    case.expect(initiator=initiator, sealed=block["sealed"], th2=a.th2, SK=a.SK, block=a.block, name=a.name)


def ratchet(case: Case, what: str) -> None:
    th2, SK, spk, block = (case.hex(name) for name in ("th2", "SK", "SPK", "block"))
    sides = {
        "A": Ratchet.of_initiator(th2, SK, notation.x25519_public(spk)),
        "B": Ratchet.of_responder(th2, SK, spk),
    }
    sent: dict[int, tuple[str, str, bytes]] = {}
    for index, fields in enumerate(case.value("steps")):
        step = Case(fields)
        if step.has("send"):
            side = step.value("send")
            kind, body = sides[side].seal(
                block if side == "A" else b"", step.hex("content"), lambda name, n, step=step: step.hex(name)
            )
            step.expect(kind=kind, body=body)
            sent[index] = "B" if side == "A" else "A", kind, body
        else:
            side, kind, body = sent[step.value("open")]
            wire = body[len(block) :] if kind == HANDSHAKE else body
            now = step.value("at")
            try:
                content = sides[side].open(kind, wire, now)
                need(content is not None, "no header key")
            except Refused as refusal:
                assert fields.get("refused"), f"step {index}: {refusal}"
                continue
            assert not fields.get("refused"), f"step {index}: not refused"
            step.expect(content=content)
        assert not step.unchecked, f"step {index}: unchecked {step.unchecked}"


def pad(case: Case, what: str) -> None:
    if what == "pad":
        case.expect(padded=padding.pad(case.hex("content"), case.value("size")))
    elif what == "unpad":
        content = padding.unpad(case.hex("padded"))
        case.expect(content=content)
    else:
        initiator = case.value("initiator")
        block = 1136 + initiator + 16 if case.value("kind") == HANDSHAKE else 0
        header = 1224 if block else 2312
        case.expect(size=padding.body_size(block + 24 + header + 16 + 16 + case.value("content_length") + 1))


def compare_numbers(case: Case, what: str) -> None:
    own, peer = case.hex("own"), case.hex("peer")
    case.expect(own_value=safety.safety_value(own), peer_value=safety.safety_value(peer))
    case.expect(number=safety.safety_number(own, peer), qr=safety.safety_qr(own, peer))


def derive(case: Case, what: str) -> None:
    host, name = case.value("host"), case.value("name")
    master = password.password_master(case.value("password"), host, name)
    credential = password.password_credential(master)
    case.expect(salt=password.password_salt(host, name), master=master, credential=credential)


def file(case: Case, what: str) -> None:
    if what == "padme":
        case.expect(padded=files.padme(max(case.value("n"), files.CHUNK)))
    elif what == "open":
        plaintext = files.file_open(case.hex("file_key"), case.hex("payload"))
        case.expect(plaintext=plaintext)
    else:
        key, plaintext = case.hex("file_key"), case.hex("plaintext")
        payload = files.file_seal(key, case.hex("nonce"), plaintext)
        case.expect(payload=payload)
        assert files.file_open(key, payload) == plaintext


def at_rest(case: Case, what: str) -> None:
    if what == "row":
        place = case.hex("K"), case.hex("table"), case.hex("key")
        generation, value = case.value("generation"), case.hex("value")
        sealed = store.row_seal(*place, generation, case.hex("nonce"), value)
        case.expect(row_key=store.row_key(*place), sealed=sealed)
        assert store.row_open(*place, generation, sealed) == value
    elif what == "unwrap":
        wrapped = case.hex("wrapped")
        secret = case.value("secret")
        case.expect(K=store.unwrap(wrapped, secret if wrapped[7:8] == b"\1" else bytes.fromhex(secret)))
    elif what == "password":
        costs = case.value("m"), case.value("t"), case.value("p")
        secret = case.value("password")
        wrapped = store.wrap_password(case.hex("K"), secret, *costs, case.hex("salt"), case.hex("nonce"))
        case.expect(wrapped=wrapped)
        assert store.unwrap(wrapped, secret) == case.hex("K")
    else:
        wrapped = store.wrap_key_file(case.hex("K"), case.hex("key"), case.hex("salt"), case.hex("nonce"))
        case.expect(wrapped=wrapped)
        assert store.unwrap(wrapped, case.hex("key")) == case.hex("K")


CHECKS: dict[str, Callable[[Case, str], None]] = {
    "kdf": kdf,
    "card": card,
    "handshake": shake_hands,
    "ratchet": ratchet,
    "padding": pad,
    "safety": compare_numbers,
    "password": derive,
    "file": file,
    "store": at_rest,
}


def check(path: Path) -> int:
    """The number of cases, all of them good."""
    cases = json.loads(path.read_text())["cases"]
    assert cases, "no cases"
    for number, fields in enumerate(cases):
        case = Case(fields)
        where = f"{path.name} case {number} ({fields.get('about', fields.get('what', ''))})"
        try:
            CHECKS[path.stem](case, fields.get("what", ""))
        except Refused as refusal:
            assert fields.get("refused"), f"{where}: refused: {refusal}"
            continue
        except AssertionError as difference:
            raise AssertionError(f"{where}: {difference}") from None
        assert not fields.get("refused"), f"{where}: not refused"
        assert not case.unchecked, f"{where}: nobody checks {sorted(case.unchecked)}"
    return len(cases)


def main() -> int:
    failed = False
    for name in CHECKS:
        try:
            print(f"{name}: {check(Path(sys.argv[1]) / f'{name}.json')} cases")
        except (AssertionError, OSError, KeyError) as problem:
            failed = True
            print(f"{name}: {problem!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
