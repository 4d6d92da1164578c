"""crypto/SPEC.md §4: from keys and draws to the session secret and the block."""

from msg_e2e import cards, codec
from msg_e2e import handshake as hs
from msg_e2e.cards import card_hash, device_id
from msg_e2e.notation import DH, DAY, Decaps, Encaps, H, L, ed25519_public, kem_public, u, x25519_public
from msg_e2e.padding import pad

from .values import Draws, literal


class Party:
    """An account with one device of its own, and its prekeys if they are stated."""

    def __init__(self, stated: dict) -> None:
        self.identity, self.signing, self.agreement = (
            bytes.fromhex(stated[name]) for name in ("identity", "signing", "agreement")
        )
        self.card = {name: bytes.fromhex(value) for name, value in stated["card"].items()}
        card = cards.verify_card(self.card)
        assert card["identity"] == ed25519_public(self.identity)
        self.device = cards.device_of(card, bytes.fromhex(stated["device"]))
        self.device_id = device_id(self.device)
        assert self.device["signing"] == ed25519_public(self.signing)
        assert self.device["agreement"] == x25519_public(self.agreement)
        prekeys = stated.get("prekeys", {"signed": {}, "last_resort": {}, "one_time": {}})
        self.spk, self.last_resort, self.pair = prekeys["signed"], prekeys["last_resort"], prekeys["one_time"]
        self.made = prekeys.get("made")

    def serving(self, one_time: bool) -> tuple[bytes, bytes, bytes]:
        """Private halves of SPK, OPK (empty if there is none) and PQK."""
        spk = bytes.fromhex(self.spk["private"])
        if one_time:
            return spk, bytes.fromhex(self.pair["agreement"]), bytes.fromhex(self.pair["kem"])
        return spk, b"", bytes.fromhex(self.last_resort["seed"])


def handshake(today: int, generation: int, A: dict, B: dict, bundle: bytes, draws: dict) -> dict:
    a, b, prekeys = Party(A), Party(B), codec.decode(cards.BUNDLE, bundle)
    own = a.agreement, a.device_id, a.card
    made, first_key = Draws(draws).use(hs.initiate, *own, b.card, prekeys, generation, today)
    check_bundle(b, prekeys)
    spk, opk, pqk = b.serving(prekeys["one_time"] is not None)
    assert first_key == x25519_public(spk)
    block, rest = hs.split_block(made.block)
    b_identity = ed25519_public(b.identity)
    answer = hs.respond(block, b.agreement, b.device, b_identity, card_hash(b.card), spk, opk, pqk)
    assert not rest and (made.th2, made.SK) == (answer.th2, answer.SK)
    assert (answer.peer_card, answer.peer_device, answer.generation) == (a.card, a.device_id, generation)
    schedule = intermediate(a, b, block, (spk, opk, pqk), bytes.fromhex(draws["ek"]), bytes.fromhex(draws["m"]))
    initiator = u(generation, 8) + a.device_id + u(len(a.card["raw"]), 2) + a.card["raw"] + a.card["signature"]
    part = {"initiator": initiator, "padded": pad(initiator, 512 if len(initiator) < 512 else 2048)}
    return schedule | part | {"th2": made.th2, "SK": made.SK, "block": made.block, "name": made.name}


def check_bundle(b: Party, prekeys: dict) -> None:
    """The bundle holds the public halves of the private ones that are stated."""
    for stated, signed, kind in (
        (b.spk, prekeys["signed"], cards.PREKEY),
        (b.last_resort, prekeys["last_resort"], cards.KEM_PREKEY),
        (b.pair, prekeys["one_time"], cards.ONE_TIME),
    ):
        if signed is None:
            continue
        value = codec.decode(kind, signed["raw"])
        publics = {"private": ("key", x25519_public), "seed": ("key", kem_public)}
        publics |= {"agreement": ("agreement", x25519_public), "kem": ("kem", kem_public)}
        for name, private in stated.items():
            if name != "id":
                public, derive = publics[name]
                assert value[public] == derive(bytes.fromhex(private))
        assert value["id"] == stated["id"] and value.get("expires", b.made // DAY + 60) == b.made // DAY + 60


def intermediate(a: Party, b: Party, block: dict, halves: tuple, ek: bytes, m: bytes) -> dict:
    spk, opk, pqk = halves
    EK, (CT, SS) = x25519_public(ek), Encaps(kem_public(pqk), m)
    assert Decaps(pqk, CT) == SS
    SPK, OPK = x25519_public(spk), x25519_public(opk) if opk else b""
    secrets = {"DH1": DH(a.agreement, SPK), "DH2": DH(ek, b.device["agreement"]), "DH3": DH(ek, SPK)}
    secrets["DH4"] = DH(ek, OPK) if opk else b""
    spk_id, pqk_id = u(block["spk"], 4), u(block["pqk"], 4)
    fields1 = [b"\1", card_hash(b.card), b.device_id, b.device["agreement"], spk_id, SPK]
    fields1 += [pqk_id if opk else b"", OPK, pqk_id, kem_public(pqk), EK, CT]
    th1 = H(L("hs1"), *fields1)
    identities = ed25519_public(a.identity), ed25519_public(b.identity)
    fields2 = [th1, block["sealed"], *identities, a.device["agreement"], a.device_id, card_hash(a.card)]
    assert H(L("hs2"), *fields2) == hs.transcript2(
        th1, block["sealed"], {"identity": identities[0]}, identities[1], a.device, card_hash(a.card)
    )
    seal = hs.seal_key(th1, secrets["DH2"] + secrets["DH3"] + secrets["DH4"] + SS)
    transcripts = {"fields of th1": fields1, "th1": th1, "fields of th2": fields2}
    return secrets | transcripts | {"EK": EK, "CT": CT, "SS": SS, "seal": seal, "sealed": block["sealed"]}


def begun(stated: dict) -> dict:
    """The handshake that another vector starts with, from its inputs."""
    inputs = {name: stated[name] for name in ("today", "generation", "A", "B", "draws")}
    assert set(stated) == set(inputs) | {"bundle"}
    return handshake(bundle=literal(stated["bundle"]), **inputs)
