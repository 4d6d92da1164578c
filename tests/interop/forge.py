"""Messages that only a peer with the session's keys can make, and that break a rule (§5, §7)."""

import copy

from msg_e2e.notation import AEAD, HMAC, XAEAD, Draw, L, u
from msg_e2e.ratchet import SESSION, Ratchet, message_key
from msg_e2e.padding import pad


def forge(ratchet: Ratchet, changes: dict, draw: Draw) -> tuple[str, bytes]:
    """Kind and body; the session itself stays as it was.

    Of `changes`: `dh`, `ek`, `pn`, `n` go into the header in place of the honest value,
    `padded` is the end of the padded content, and `step` makes a sending step out of turn.
    """
    ratchet = copy.deepcopy(ratchet)
    if changes.get("step"):
        ratchet.pn, ratchet.sending = ratchet.sending.n, None
    sending = ratchet.sending or ratchet._sending_step(draw)
    dh, ek, ct = sending.head
    dh, ek = changes.get("dh", dh), changes.get("ek", ek)
    header = dh + u(changes.get("pn", sending.pn), 4) + u(changes.get("n", sending.n), 4) + ek + ct
    nonce = draw("nonce", 24)
    eh = XAEAD(sending.header_key, nonce, L("hdr"), header)
    key, iv = message_key(HMAC(sending.key, b"\1"), nonce)
    size = 4096 - 24 - len(eh) - 16
    end = changes.get("padded", b"")
    padded = (bytes(size - len(end)) + end) if end else bytes(size) if "padded" in changes else pad(b"forged", size)
    return SESSION, nonce + eh + AEAD(key, iv, ratchet.th2 + nonce + eh, padded)
