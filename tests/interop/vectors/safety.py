"""crypto/SPEC.md §8: safety numbers, and the codes that cameras compare."""

import hashlib

from msg_e2e import safety
from msg_e2e.cards import account_id
from msg_e2e.notation import L, need, num


def side(identity: bytes) -> dict:
    account, last = account_id(identity), safety.safety_value(identity)
    first = hashlib.sha512(L("fp") + b"\0\1" + identity + account).digest()
    digits = "".join(f"{num(last[at : at + 5]) % 100_000:05}" for at in range(0, 30, 5))
    return {"account": account, "d_0": first, "d_5199": last, "digits": digits}


def number(own: bytes, peer: bytes) -> dict:
    number, code = safety.safety_number(own, peer), safety.safety_qr(own, peer)
    return {"own side": side(own), "peer's side": side(peer), "number": number, "code": code}


def scan(shown: bytes, scanned: bytes) -> dict:
    need(scanned[:1] == b"\1" and len(scanned) == 65, "safety code")
    return {"same": (shown[1:33], shown[33:]) == (scanned[33:], scanned[1:33])}
