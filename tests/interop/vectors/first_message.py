"""crypto/SPEC.md §4 and §5: a first message, sealed by A and opened by B."""

import copy

from msg_e2e import cards
from msg_e2e.notation import Refused, x25519_public
from msg_e2e.ratchet import HANDSHAKE, Ratchet
from msg_e2e.sessions import Device

from .handshake import Party, begun
from .ratchet import replaced, sealing
from .values import Draws, literal


def first_message(handshake: dict, content: object, draws: dict, alterations: list) -> dict:
    a, b, started = Party(handshake["A"]), Party(handshake["B"]), begun(handshake)
    spk = b.serving(False)[0]
    ratchet = Ratchet.of_initiator(started["th2"], started["SK"], x25519_public(spk))
    before = copy.deepcopy(ratchet)
    kind, body = Draws(draws).use(ratchet.seal, started["block"], literal(content))
    assert kind == HANDSHAKE
    steps = sealing(before, ratchet, body[len(started["block"]) :], draws)
    session = {"th2": started["th2"], "SK": started["SK"]}
    device = recipient(b)
    for alteration in alterations:
        must_refuse(device, replaced(body, alteration["replace"]))
    opened, text = device.open(HANDSHAKE, body)
    must_refuse(device, body)
    assert opened.handshake.peer_card == a.card
    peer = {"identity": cards.verify_card(a.card)["identity"], "device": opened.handshake.peer_device}
    outputs = {"body": body, "opened": peer | {"content": text}}
    return {"session": session, "sealing": steps} | outputs


def recipient(b: Party) -> Device:
    """B's device, with the prekeys that the vector states."""
    halves = {"identity": b.identity, "signing": b.signing, "agreement": b.agreement}
    name = cards.verify_card(b.card)["name"]
    device = Device(name, lambda what, n: halves.get(what, bytes(n)), b.made)
    assert device.cards == [b.card]
    device.spk = {b.spk["id"]: bytes.fromhex(b.spk["private"])}
    device.last_resort = {b.last_resort["id"]: bytes.fromhex(b.last_resort["seed"])}
    device.one_time = {b.pair["id"]: b.serving(True)[1:]}
    return device


def must_refuse(device: Device, body: bytes) -> None:
    before = copy.deepcopy(device.__dict__)
    try:
        device.open(HANDSHAKE, body)
    except Refused:
        assert device.__dict__ == before, "a refusal changed the state"
        return
    raise AssertionError("should be refused")
