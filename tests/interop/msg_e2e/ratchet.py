"""§5: the ratchet with encrypted headers and a KEM in every step."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from .codec import Reader
from .notation import (
    AEAD,
    AEAD_open,
    DAY,
    DH,
    Decaps,
    Draw,
    Encaps,
    Expand,
    H,
    HKDF,
    HMAC,
    L,
    Refused,
    XAEAD,
    XAEAD_open,
    check_kem,
    kem_public,
    need,
    num,
    u,
    x25519_public,
)
from .padding import body_size, pad, unpad

HANDSHAKE, SESSION = "handshake", "session"
CHAINS, SKIP_ONCE, SKIP_KEPT, SKIP_DAYS = 5, 1000, 2000, 35


@dataclass
class Sending:
    key: bytes
    header_key: bytes
    head: tuple[bytes, bytes, bytes]  # dh, ek, ct or b""
    n: int
    pn: int


@dataclass
class Receiving:
    key: bytes | None  # None once closed
    header_key: bytes
    kind: str
    n: int = 0
    skipped: dict[int, tuple[bytes, int]] = field(default_factory=dict)  # message key, kept at


@dataclass
class Ratchet:
    th2: bytes
    root: bytes
    next_sending: bytes
    next_receiving: bytes
    peer_dh: bytes = b""
    peer_ek: bytes = b""
    own_dh: bytes = b""
    own_kem: bytes = b""
    pn: int = 0
    sending: Sending | None = None  # None: due
    receiving: list[Receiving] = field(default_factory=list)

    @staticmethod
    def of_initiator(th2: bytes, SK: bytes, spk: bytes) -> Ratchet:
        return Ratchet(th2, SK[:32], SK[32:64], SK[64:], peer_dh=spk)

    @staticmethod
    def of_responder(th2: bytes, SK: bytes, spk_private: bytes) -> Ratchet:
        return Ratchet(th2, SK[:32], SK[64:], SK[32:64], own_dh=spk_private)

    def _step(self, dh: bytes, ks: bytes, new: bytes, peer: bytes, ek: bytes, ct: bytes) -> tuple[bytes, bytes]:
        out = HKDF(self.root, dh + ks, L("rk") + H(L("step"), new, peer, ek, ct), 96)
        self.root = out[:32]
        return out[32:64], out[64:]

    def _sending_step(self, draw: Draw) -> Sending:
        self.own_dh, self.own_kem = draw("dh", 32), draw("kem", 64)
        new, ek = x25519_public(self.own_dh), kem_public(self.own_kem)
        ct, ks = Encaps(self.peer_ek, draw("m", 32)) if self.peer_ek else (b"", b"")
        header_key = self.next_sending
        chain, self.next_sending = self._step(DH(self.own_dh, self.peer_dh), ks, new, self.peer_dh, ek, ct)
        return Sending(chain, header_key, (new, ek, ct), 0, self.pn)

    def _receiving_step(self, kind: str, new: bytes, ek: bytes, ct: bytes) -> Receiving:
        need(bool(self.own_dh), "step out of turn")
        need((kind == HANDSHAKE) == (not self.own_kem), "ct is absent exactly in the initiator's first chain")
        check_kem(ek)
        ks = Decaps(self.own_kem, ct) if ct else b""
        header_key = self.next_receiving
        chain, self.next_receiving = self._step(DH(self.own_dh, new), ks, new, x25519_public(self.own_dh), ek, ct)
        self.pn = self.sending.n if self.sending else 0
        self.peer_dh, self.peer_ek, self.own_dh, self.own_kem, self.sending = new, ek, b"", b"", None
        return Receiving(chain, header_key, kind)

    def seal(self, block: bytes, content: bytes, draw: Draw) -> tuple[str, bytes]:
        """Kind and body. `block` is the initiator's handshake block, empty for the responder."""
        first = bool(block) and not self.peer_ek
        prefix = block if first else b""
        overhead = len(prefix) + 24 + (1224 if first else 2312) + 16 + 16
        size = body_size(overhead + len(content) + 1)
        self.sending = s = self.sending or self._sending_step(draw)
        need(s.n < 2**32 - 1, "messages in a chain")
        mk, s.key = HMAC(s.key, b"\1"), HMAC(s.key, b"\2")
        nonce, (dh, ek, ct) = draw("nonce", 24), s.head
        eh = XAEAD(s.header_key, nonce, L("hdr"), dh + u(s.pn, 4) + u(s.n, 4) + ek + ct)
        s.n += 1
        key, iv = message_key(mk, nonce)
        c = AEAD(key, iv, self.th2 + nonce + eh, pad(content, size - overhead))
        return HANDSHAKE if first else SESSION, prefix + nonce + eh + c

    def open(self, kind: str, wire: bytes, now: int) -> bytes | None:
        """The content, or None if no header key fits. Assigns only after the body's tag has checked."""
        trial = copy.deepcopy(self)
        content = trial._open(kind, wire, now)
        if content is not None:
            self.__dict__ = trial.__dict__
        return content

    def _open(self, kind: str, wire: bytes, now: int) -> bytes | None:
        r = Reader(wire)
        nonce, eh, c = r.take(24), r.take((1224 if kind == HANDSHAKE else 2312) + 16), r.data
        for receiving in self.receiving:
            receiving.skipped = {n: s for n, s in receiving.skipped.items() if now - s[1] <= SKIP_DAYS * DAY}
        for chain in [*self.receiving, None]:
            try:
                header = XAEAD_open(chain.header_key if chain else self.next_receiving, nonce, L("hdr"), eh)
                break
            except Refused:
                continue
        else:
            return None
        h = Reader(header)
        new, pn, n, ek, ct = h.take(32), num(h.take(4)), num(h.take(4)), h.take(1184), h.data
        skip = 0
        if chain is None:
            if self.receiving:
                skip = self._close(self.receiving[0], pn, now)
            need(bool(self.receiving) or pn == 0, "pn in a first chain")
            chain = self._receiving_step(kind, new, ek, ct)
            self.receiving = [chain, *self.receiving][:CHAINS]
        need(chain.kind == kind, "kind of envelope")
        key, iv = message_key(self._take(chain, n, skip, now), nonce)
        return unpad(AEAD_open(key, iv, self.th2 + nonce + eh, c))

    def _close(self, chain: Receiving, pn: int, now: int) -> int:
        need(pn >= chain.n, "pn below the chain's count")
        skip = self._skip(chain, pn, 0, now)
        chain.key = None
        return skip

    def _take(self, chain: Receiving, n: int, skipped: int, now: int) -> bytes:
        if n < chain.n:
            need(n in chain.skipped, "already opened")
            return chain.skipped.pop(n)[0]
        need(chain.key is not None, "chain ended")
        self._skip(chain, n, skipped, now)
        return self._advance(chain)

    def _skip(self, chain: Receiving, upto: int, already: int, now: int) -> int:
        skip = upto - chain.n
        need(already + skip <= SKIP_ONCE, "keys skipped by one message")
        kept = sum(len(c.skipped) for c in self.receiving)
        need(kept + skip <= SKIP_KEPT, "skipped keys kept by a session")
        for _ in range(skip):
            at = chain.n
            chain.skipped[at] = self._advance(chain), now
        return skip

    @staticmethod
    def _advance(chain: Receiving) -> bytes:
        mk, chain.key = HMAC(chain.key, b"\1"), HMAC(chain.key, b"\2")
        chain.n += 1
        return mk


def message_key(mk: bytes, nonce: bytes) -> tuple[bytes, bytes]:
    out = Expand(mk, L("msg") + nonce, 44)
    return out[:32], out[32:]
