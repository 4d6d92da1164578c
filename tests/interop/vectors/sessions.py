"""crypto/SPEC.md §6: which session of a pair of devices sends."""

from msg_e2e.handshake import Handshake
from msg_e2e.notation import Refused
from msg_e2e.ratchet import Ratchet
from msg_e2e.sessions import Device

from .values import compare

PEER = bytes(32), bytes(16)


def pair(script: list) -> dict:
    device = Device("alice", lambda name, n: bytes(n), script[0]["at"])
    for number, moment in enumerate(script):
        device.now = moment["at"]
        if moment["do"] == "make":
            th2 = bytes.fromhex(moment["th2"])
            handshake = Handshake(b"", th2, th2, bytes(96), int(moment["generation"]), {}, PEER[1])
            made = device._add(PEER, handshake, Ratchet.of_initiator(th2, bytes(96), b""), b"")
            computed = {"sends": sends(device, made)}
        else:
            computed = {"generation": max(device.now, 1 + device._largest_generation(PEER))}
        compare(moment["outputs"], computed, f"moment {number}: ")
    return {}


def sends(device: Device, session: object) -> bool:
    try:
        return device.sending(PEER) is session
    except Refused:
        return False
