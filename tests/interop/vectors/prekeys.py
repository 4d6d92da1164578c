"""protocol/SPEC.md, Prekeys: encoding, signatures, bundles and their days."""

from msg_e2e import cards, codec
from msg_e2e.notation import Refused, ed25519_public, kem_public, x25519_public

KINDS = {"sig/spk": cards.PREKEY, "sig/kem": cards.KEM_PREKEY, "sig/otp": cards.ONE_TIME}


def sign(label: str, seed: bytes, private: object, id: int, expires: int) -> dict:
    value = {"format": 1, "id": id, "expires": expires}
    if label == "sig/otp":
        value["agreement"] = x25519_public(bytes.fromhex(private["agreement"]))
        value["kem"] = kem_public(bytes.fromhex(private["kem"]))
    else:
        public = x25519_public if label == "sig/spk" else kem_public
        value["key"] = public(bytes.fromhex(private))
    return cards.sign(label, KINDS[label], seed, value) | {"key": ed25519_public(seed)}


def verify(label: str, key: bytes, signed: dict[str, bytes]) -> dict:
    return cards.verify(label, KINDS[label], key, signed)


def usable(prekeys: dict, device: bytes, signing: bytes, today: int) -> bool:
    try:
        return bool(cards.verify_bundle(prekeys, device, signing, today))
    except Refused:
        return False


def bundle(bundle: bytes, signing: bytes, agreement: bytes, today: int) -> dict:
    prekeys = codec.decode(cards.BUNDLE, bundle)
    device = cards.device_id({"signing": signing, "agreement": agreement})
    spk, pqk = cards.verify_bundle(prekeys, device, signing, today)
    kem = {"kind": "one-time" if "kem" in pqk else "last-resort", "id": pqk["id"]}
    days = [day for day in range(today - 100, today + 100) if usable(prekeys, device, signing, day)]
    outputs = {"signed": {"id": spk["id"], "key": spk["key"]}, "kem": kem}
    return outputs | {"first usable day": days[0], "last usable day": days[-1]}
