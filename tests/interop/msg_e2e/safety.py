"""§8: safety numbers."""

import hashlib

from .cards import account_id
from .notation import L, num


def safety_value(identity: bytes) -> bytes:
    d = hashlib.sha512(L("fp") + b"\0\1" + identity + account_id(identity)).digest()
    for _ in range(5199):
        d = hashlib.sha512(d + identity).digest()
    return d


def safety_number(own: bytes, peer: bytes) -> str:
    def digits(d: bytes) -> str:
        return "".join(f"{num(d[i : i + 5]) % 100_000:05}" for i in range(0, 30, 5))

    text = "".join(sorted((digits(safety_value(own)), digits(safety_value(peer)))))
    return " ".join(text[i : i + 5] for i in range(0, 60, 5))


def safety_qr(own: bytes, peer: bytes) -> bytes:
    return b"\1" + safety_value(own)[:32] + safety_value(peer)[:32]
