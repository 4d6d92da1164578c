"""protocol/SPEC.md, Messages: each kind of content in a plaintext."""

from msg_e2e.notation import need

from . import schema as s

HEAD = [16, "num", s.CARD_REF, s.CARD_REF, s.choice([], [], []), s.option(s.GROUP_CONTEXT)]
NAMES = ["id", "sent_ms", "sender's card", "recipient's card", "confirm", "group"]


def message(kind: int, fields: object, message: dict) -> dict:
    assert list(message) == [*NAMES, "extensions"]
    body = s.encode(s.CONTENTS[kind], fields)
    content = s.encode("kinded", {"kind": kind, "body": body.hex()})
    extensions = s.encode(s.many(s.EXTENSION), message["extensions"])
    whole = b"\1" + s.encode(HEAD, [message[name] for name in NAMES]) + content + extensions
    plaintext(whole)
    return {"content": content, "body": body, "plaintext": whole}


def plaintext(plaintext: bytes) -> dict:
    need(plaintext[:1] == b"\1", "format")
    *head, (kind, body), extensions = s.decode_whole([*HEAD, "kinded", s.many(s.EXTENSION)], plaintext[1:])
    if kind in s.CONTENTS:
        s.decode_whole(s.CONTENTS[kind], body)
    tags = [tag for tag, _ in extensions]
    need(tags == sorted(set(tags)), "order of extensions")
    return {"head": head}
