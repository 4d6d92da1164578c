"""protocol/SPEC.md: identifiers, the fingerprint, and what a relay keeps of rights."""

import base64

from msg_e2e import cards
from msg_e2e.notation import H, L


def account(identity: bytes) -> dict:
    return {"id": cards.account_id(identity)}


def device(signing: bytes, agreement: bytes) -> dict:
    return {"id": cards.device_id({"signing": signing, "agreement": agreement})}


def mailbox(account: bytes, device: bytes) -> dict:
    return {"id": cards.mailbox_id(account, device)}


def fingerprint(identity: bytes) -> dict:
    digest = H(L("id"), identity)
    return {"fingerprint": digest, "text": base64.b32encode(digest).decode().rstrip("=").lower()}


def blob(capability: bytes) -> dict:
    return {"id": H(L("blob"), capability)}


def right(label: str, salt: bytes, right: bytes) -> dict:
    return {"hash": H(L(label), salt, right)}
