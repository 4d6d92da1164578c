"""protocol/SPEC.md, Proof of work."""

from msg_e2e.notation import H, L, num, u


def work(challenge: bytes, target: bytes, bits: int) -> dict:
    nonce = 0
    while num(hash := H(L("work"), challenge, target, u(nonce, 8))) >> (256 - bits):
        nonce += 1
    return {"nonce": nonce, "hash": hash, "zero bits": 256 - num(hash).bit_length()}
