"""§3 and §6: a device with its prekeys, and its sessions with other devices."""

from __future__ import annotations

from dataclasses import dataclass

from .cards import BUNDLE, CARD, KEM_PREKEY, ONE_TIME, PREKEY, card_hash, device_id, sign, verify_card
from .codec import decode, encode
from .handshake import Handshake, initiate, respond, split_block
from .notation import DAY, Draw, Refused, ed25519_public, kem_public, need, x25519_public
from .padding import BODY_SIZES
from .ratchet import HANDSHAKE, Ratchet

Peer = tuple[bytes, bytes]  # identity and device id
RECEIVE_ONLY, RECEIVE_ONLY_DAYS = 8, 7
GENERATION_DAYS_AHEAD = 62


@dataclass
class Session:
    peer: Peer
    handshake: Handshake
    ratchet: Ratchet
    block: bytes  # what the initiator repeats; empty for the responder
    rank: tuple[int, bytes]  # the smallest comes first (§6)
    stopped: tuple[int, int] | None = None  # since when it only receives, and in which order they stopped


class Device:
    """One device, alone on its account's card."""

    def __init__(self, name: str, draw: Draw, now: int) -> None:
        self.identity, self.signing, self.agreement = (draw(n, 32) for n in ("identity", "signing", "agreement"))
        device = {"signing": ed25519_public(self.signing), "agreement": x25519_public(self.agreement)}
        self.device = device | {"added": now // DAY}
        self.id, self.name, self.draw, self.now = device_id(device), name, draw, now
        self.cards: list[dict] = []
        self.spk: dict[int, bytes] = {}
        self.last_resort: dict[int, bytes] = {}
        self.one_time: dict[int, tuple[bytes, bytes]] = {}
        self.one_time_made = 0
        self.sessions: list[Session] = []
        self.stops = 0
        self.best: dict[Peer, tuple[int, bytes]] = {}
        self.spent: set[bytes] = set()  # names of handshakes on a last-resort key
        self.new_card()
        self.rotate()

    def new_card(self) -> dict:
        """The next version of the account's card, signed."""
        previous = card_hash(self.cards[-1]) if self.cards else bytes(32)
        card = {"format": 1, "identity": ed25519_public(self.identity), "name": self.name}
        card |= {"version": len(self.cards) + 1, "previous": previous, "created": self.now // DAY}
        self.cards.append(sign("sig/card", CARD, self.identity, card | {"devices": [self.device]}))
        return self.cards[-1]

    def rotate(self) -> None:
        """A new signed prekey and a new last-resort key beside the old ones."""
        number = len(self.spk) + 1
        self.spk[number], self.last_resort[number] = self.draw("spk", 32), self.draw("last-resort", 64)

    def bundle(self, one_time: bool) -> bytes:
        """What a relay hands out: encoded prekeys, with a fresh one-time pair or without."""
        number, pair = len(self.spk), None
        common = {"format": 1, "id": number, "expires": self.now // DAY + 30}
        if one_time:
            self.one_time_made += 1
            opk, pqk = self.one_time[self.one_time_made] = self.draw("opk", 32), self.draw("pqk", 64)
            pair = {"format": 1, "id": self.one_time_made, "agreement": x25519_public(opk), "kem": kem_public(pqk)}
        spk = common | {"key": x25519_public(self.spk[number])}
        last_resort = common | {"key": kem_public(self.last_resort[number])}
        bundle = {
            "device": self.id,
            "signed": sign("sig/spk", PREKEY, self.signing, spk),
            "last_resort": sign("sig/kem", KEM_PREKEY, self.signing, last_resort),
            "one_time": pair and sign("sig/otp", ONE_TIME, self.signing, pair),
        }
        return encode(BUNDLE, bundle)

    def initiate(self, card: dict, bundle: bytes, generation: int | None = None) -> Session:
        prekeys = decode(BUNDLE, bundle)
        peer = verify_card(card)["identity"], prekeys["device"]
        generation = max(self.now, 1 + self._largest_generation(peer)) if generation is None else generation
        own = self.agreement, self.id, self.cards[-1]
        handshake, spk = initiate(*own, card, prekeys, generation, self.now // DAY, self.draw)
        ratchet = Ratchet.of_initiator(handshake.th2, handshake.SK, spk)
        return self._add(peer, handshake, ratchet, handshake.block)

    def sending(self, peer: Peer) -> Session:
        """The session with `peer` that messages are sent in."""
        found = [s for s in self.sessions if s.peer == peer and s.rank == self.best.get(peer)]
        need(bool(found), "no sending session")
        return found[0]

    def seal(self, peer: Peer, content: bytes) -> tuple[str, bytes]:
        """Kind and body of an envelope, by the sending session with `peer`."""
        return self.seal_in(self.sending(peer), content)

    def seal_in(self, session: Session, content: bytes) -> tuple[str, bytes]:
        return session.ratchet.seal(session.block, content, self.draw)

    def open(self, kind: str, body: bytes) -> tuple[Session, bytes]:
        """The session that opens the body, and the content."""
        need(len(body) in BODY_SIZES, "body size")
        self._forget()
        if kind == HANDSHAKE:
            return self._open_handshake(body)
        for session in self.sessions:
            content = session.ratchet.open(kind, body, self.now)
            if content is not None:
                self.sessions.remove(session)
                self.sessions.insert(0, session)
                return session, content
        raise Refused("no session")

    def _open_handshake(self, body: bytes) -> tuple[Session, bytes]:
        block, wire = split_block(body)
        for session in self.sessions:
            if session.handshake.name == block["name"]:
                need(session.handshake.block == block["block"], "another handshake block")
                content = session.ratchet.open(HANDSHAKE, wire, self.now)
                need(content is not None, "tag")
                return session, content
        need(block["name"] not in self.spent, "replayed handshake")
        need(1 <= block["card"] <= len(self.cards), "unknown card")
        need(block["spk"] in self.spk, "unknown signed prekey")
        kems = self.one_time if block["kind"] else self.last_resort
        need(block["pqk"] in kems, "unknown KEM prekey")
        opk, pqk = self.one_time[block["pqk"]] if block["kind"] else (b"", self.last_resort[block["pqk"]])
        card, spk = self.cards[block["card"] - 1], self.spk[block["spk"]]
        own = self.agreement, self.device, ed25519_public(self.identity)
        handshake = respond(block, *own, card_hash(card), spk, opk, pqk)
        ratchet = Ratchet.of_responder(handshake.th2, handshake.SK, spk)
        content = ratchet.open(HANDSHAKE, wire, self.now)
        need(content is not None, "tag")
        if block["kind"]:
            del self.one_time[block["pqk"]]
        else:
            self.spent.add(block["name"])
        peer = verify_card(handshake.peer_card)["identity"], handshake.peer_device
        return self._add(peer, handshake, ratchet, b""), content

    def _largest_generation(self, peer: Peer) -> int:
        return -self.best[peer][0] if peer in self.best else -1

    def _add(self, peer: Peer, handshake: Handshake, ratchet: Ratchet, block: bytes) -> Session:
        generation = min(handshake.generation, self.now + GENERATION_DAYS_AHEAD * DAY)
        session = Session(peer, handshake, ratchet, block, (-generation, handshake.th2))
        best = self.best[peer] = min(session.rank, self.best.get(peer, session.rank))
        self.sessions.insert(0, session)
        others = [s for s in self.sessions if s.peer == session.peer and s.rank != best]
        for other in others:
            self.stops += 1
            other.stopped = other.stopped or (self.now, self.stops)
        if len(others) > RECEIVE_ONLY:
            self.sessions.remove(min(others, key=lambda s: s.stopped))
        return session

    def _forget(self) -> None:
        limit = self.now - RECEIVE_ONLY_DAYS * DAY
        self.sessions = [s for s in self.sessions if s.stopped is None or s.stopped[0] >= limit]
