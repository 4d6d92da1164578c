"""A live peer: one JSON object a line on stdin, one answer a line on stdout.

Byte strings are hex. A refusal is {"error": reason}; the peer lives on with its state as
it was. `tests/tests/interop.rs` has the same commands for the Rust side:

  device  seed name now                   -> identity device card{raw signature}
  now     now                             -> (nothing)
  card    / rotate                        -> card / (nothing)       the next card; new prekeys
  bundle  one_time                        -> bundle
  initiate  card bundle [generation]      -> session                the name of its handshake
  seal    identity device content         -> kind body
  seal_in session content                 -> kind body              in a session that may not be the sending one
  forge   identity device changes         -> kind body              against the rules: forge.py
  sending identity device                 -> session                the one that messages are sent in
  open    kind body                       -> identity device content
  upload  key data                         -> payload length padded sha256
  download  key payload length padded sha256             -> data
  safety  identity                        -> number qr
  password  password host name            -> credential
  row_seal / row_open  key table row generation value   -> value
  wrap    secret{password | key} value     -> value                 a data key, wrapped
  unwrap  secret{password | key} value     -> row_key               of table "table" and key "key"
"""

import hashlib
import json
import sys
from collections.abc import Callable

from forge import forge
from msg_e2e import files, notation, password, safety, store
from msg_e2e.sessions import Device


def stream(seed: bytes) -> notation.Draw:
    count = 0

    def draw(name: str, n: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(seed + notation.u(count, 8) + name.encode()).digest(n)

    return draw


class Peer:
    """Each method is a command; its arguments are the object's fields."""

    device_: Device
    draw: notation.Draw

    def device(self, seed: bytes, name: str, now: int) -> dict:
        self.draw = stream(seed)
        self.device_ = Device(name, self.draw, now)
        identity = notation.ed25519_public(self.device_.identity)
        return {"identity": identity, "device": self.device_.id, "card": self.device_.cards[-1]}

    def now(self, now: int) -> dict:
        self.device_.now = now
        return {}

    def card(self) -> dict:
        return {"card": self.device_.new_card()}

    def rotate(self) -> dict:
        self.device_.rotate()
        return {}

    def bundle(self, one_time: bool) -> dict:
        return {"bundle": self.device_.bundle(one_time)}

    def initiate(self, card: dict, bundle: bytes, generation: int | None = None) -> dict:
        return {"session": self.device_.initiate(card, bundle, generation).handshake.name}

    def sending(self, identity: bytes, device: bytes) -> dict:
        return {"session": self.device_.sending((identity, device)).handshake.name}

    def seal(self, identity: bytes, device: bytes, content: bytes) -> dict:
        kind, body = self.device_.seal((identity, device), content)
        return {"kind": kind, "body": body}

    def seal_in(self, session: bytes, content: bytes) -> dict:
        found = [s for s in self.device_.sessions if s.handshake.name == session]
        kind, body = self.device_.seal_in(found[0], content)
        return {"kind": kind, "body": body}

    def forge(self, identity: bytes, device: bytes, changes: dict) -> dict:
        kind, body = forge(self.device_.sending((identity, device)).ratchet, changes, self.draw)
        return {"kind": kind, "body": body}

    def open(self, kind: str, body: bytes) -> dict:
        session, content = self.device_.open(kind, body)
        identity, device = session.peer
        return {"identity": identity, "device": device, "content": content}

    def upload(self, key: bytes, data: bytes) -> dict:
        payload, sha256 = files.upload(key, self.draw("nonce", 16), data)
        padded = files.padme(max(len(data), files.CHUNK))
        return {"payload": payload, "length": len(data), "padded": padded, "sha256": sha256}

    def download(self, key: bytes, payload: bytes, length: int, padded: int, sha256: bytes) -> dict:
        return {"data": files.download(key, payload, length, padded, sha256)}

    def safety(self, identity: bytes) -> dict:
        own = notation.ed25519_public(self.device_.identity)
        return {"number": safety.safety_number(own, identity), "qr": safety.safety_qr(own, identity)}

    def password(self, password_: str, host: str, name: str) -> dict:
        return {"credential": password.password_credential(password.password_master(password_, host, name))}

    def row_seal(self, key: bytes, table: str, row: bytes, generation: int, value: bytes) -> dict:
        return {"value": store.row_seal(key, table.encode(), row, generation, self.draw("nonce", 24), value)}

    def row_open(self, key: bytes, table: str, row: bytes, generation: int, value: bytes) -> dict:
        return {"value": store.row_open(key, table.encode(), row, generation, value)}

    def wrap(self, secret: dict, value: bytes) -> dict:
        salt, nonce = self.draw("salt", 16), self.draw("nonce", 24)
        if "key" in secret:
            return {"value": store.wrap_key_file(value, secret["key"], salt, nonce)}
        return {"value": store.wrap_password(value, secret["password"], 65_536, 3, 1, salt, nonce)}

    def unwrap(self, secret: dict, value: bytes) -> dict:
        K = store.unwrap(value, secret.get("key") or secret["password"])
        return {"row_key": store.row_key(K, b"table", b"key")}


TEXT = {"op", "name", "kind", "password", "host", "table"}


def from_json(value: object, name: str = "") -> object:
    if isinstance(value, dict):
        return {k: from_json(v, k) for k, v in value.items()}
    return bytes.fromhex(value) if isinstance(value, str) and name not in TEXT else value


def to_json(value: object) -> object:
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    return value.hex() if isinstance(value, bytes) else value


def main() -> None:
    peer = Peer()
    for line in sys.stdin:
        fields = from_json(json.loads(line))
        command: Callable[..., dict] = getattr(peer, fields.pop("op"))
        if "password" in fields:
            fields["password_"] = fields.pop("password")
        try:
            answer = command(**fields)
        except notation.Refused as refusal:
            answer = {"error": str(refusal)}
        print(json.dumps(to_json(answer)), flush=True)


if __name__ == "__main__":
    main()
