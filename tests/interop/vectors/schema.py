"""protocol/SPEC.md: what travels, field by field; the encoding of its JSON form; decoding.

A kind is "u8", "num" (a varint), "bool", "bytes", "body", "text", "kinded", a number of raw
bytes, a list of fields, or a pair: ("option", kind), ("list", kind), ("choice", kinds).
"""

from msg_e2e.codec import Reader, varint
from msg_e2e.notation import need
from msg_e2e.padding import BODY_SIZES

from .values import literal


def option(kind: object) -> tuple:
    return "option", kind


def many(kind: object) -> tuple:
    return "list", kind


def choice(*kinds: list) -> tuple:
    return "choice", kinds


def encode(kind: object, value: object) -> bytes:
    if isinstance(kind, list):
        values = list(value.values()) if isinstance(value, dict) else value
        assert len(values) == len(kind), f"{len(values)} fields, but {len(kind)} are specified"
        return b"".join(encode(k, v) for k, v in zip(kind, values))
    if isinstance(kind, tuple):
        return encode_pair(*kind, value)
    if isinstance(kind, int):
        assert len(bytes.fromhex(value)) == kind, f"not {kind} bytes: {value}"
        return bytes.fromhex(value)
    if kind in ("bytes", "body"):
        return varint(len(literal(value))) + literal(value)
    if kind == "text":
        return varint(len(value.encode())) + value.encode()
    if kind == "kinded":
        return varint(value["kind"]) + encode("bytes", value["body"])
    return bytes([value]) if kind in ("u8", "bool") else varint(int(value))


def encode_pair(name: str, inner: object, value: object) -> bytes:
    if name == "option":
        return b"\0" if value is None else b"\1" + encode(inner, value)
    if name == "list":
        return varint(len(value)) + b"".join(encode(inner, item) for item in value)
    return varint(value["choice"]) + encode(inner[value["choice"]], value.get("fields", []))


def encode_kinded(kinds: dict[int, list], kind: int, fields: dict) -> bytes:
    body = encode(kinds[kind], fields)
    return varint(kind) + varint(len(body)) + body


def decode(kind: object, r: Reader) -> object:
    """A value as it stands on the wire; refuses every encoding but the one."""
    if isinstance(kind, list):
        return [decode(k, r) for k in kind]
    if isinstance(kind, int):
        return r.take(kind)
    if kind == "u8":
        return r.take(1)[0]
    number = number_of(r) if kind != "bool" else r.take(1)[0]
    if kind == "num":
        return number
    if isinstance(kind, tuple):
        return decode_pair(*kind, number, r)
    if kind == "kinded":
        return number, r.take(number_of(r))
    need(kind != "bool" or number < 2, "flag")
    need(kind != "body" or number in BODY_SIZES, "size of a body")
    return number if kind == "bool" else r.take(number)


def decode_pair(name: str, inner: object, number: int, r: Reader) -> object:
    if name == "list":
        return [decode(inner, r) for _ in range(number)]
    need(number < (2 if name == "option" else len(inner)), "no such choice")
    if name == "option":
        return decode(inner, r) if number else None
    return number, decode(inner[number], r)


def number_of(r: Reader) -> int:
    data = r.take(1)
    while data[-1] > 127 and len(data) < 10:
        data += r.take(1)
    number = sum((byte & 127) << 7 * i for i, byte in enumerate(data))
    need(varint(number) == data and number < 1 << 64, "varint")
    return number


def decode_whole(kind: object, data: bytes) -> object:
    r = Reader(data)
    value = decode(kind, r)
    need(not r.data, "bytes left over")
    return value


SIGNED = ["bytes", 64]
CARD_REF = ["num", 32]
POLICY = [choice([], []), option("num")]
BUNDLE = [16, SIGNED, SIGNED, option(SIGNED)]
ENVELOPE = [16, 16, choice([], []), "num", "body"]
ROW = ["num", "bool", ENVELOPE]
ACCESS = choice([], [32], [32], [32])
SALTED = [16, 32]
GRANTED = ["num", "bool"]
USER = ["text", 16, "num", "bool", "bool", "num", "num", "num", "num", "num", "num", [GRANTED, GRANTED, GRANTED]]
REFUSAL = ["num", option("num"), "bool"]
HELLO = ["num", "num", choice([], [])]
TERMS = [choice([], [], []), "num", "num", "num", "num", "num", "num", "num", "num"]
WELCOME = ["num", 16, "num", TERMS]
FAREWELL = ["num", "num", "num", option("num")]

TEXT = ["bytes", option(16), option("num")]
FILE = ["text", option(32), 32, 32, 32, "num", "num", "text", "bool", option(16), option("num"), option(["num", "num"])]
CONTENTS = {
    1: TEXT,
    2: FILE,
    3: [16, "bytes"],
    4: [16],
    5: [16, "text"],
    6: [choice([], []), many(16)],
    7: [],
    8: [16],
    9: choice([many(SIGNED)], [many(SIGNED)], [16, 32]),
    10: [many([16, "bytes"]), option("num")],
    11: ["text", option(32), option(32), option(32), CARD_REF, "text"],
    12: ["num"],
    13: [16, 16, "num", choice([TEXT], [FILE])],
}
GROUP_CONTEXT = [16, "num", 32, many(16)]
EXTENSION = ["num", "bytes"]
CHANGES = {
    1: [32, "text", option(32), "text", POLICY],
    2: [32, "text", option(32)],
    3: [16],
    4: ["text"],
    5: [16],
    6: [16],
    7: [POLICY],
}
COMMIT = ["u8", 16, "num", 32, 16, CARD_REF, 16, many("kinded"), 32]
ACCEPT = ["u8", 16, "num", 16, CARD_REF, 16, 32]
STATE = [16, "num", 32, "text", POLICY, many([32, "text", option(32), choice([], [], [])])]
REQUESTS = {
    1: ["text", SIGNED, 32, 32, 32, option(20)],
    2: ["text", 16, 32, "num"],
    3: [],
    16: ["text", option("num")],
    17: [16, many(16), ACCESS],
    18: [16],
    19: [16, 32, "num"],
    32: [ACCESS, "bool", ENVELOPE],
    33: [],
    48: ["num", "num", "num"],
    49: ["num", "num"],
    50: ["num"],
    51: ["num"],
    64: [SIGNED, 32, option([16, 32])],
    65: [option(SIGNED), option(SIGNED), many(SIGNED), "bool"],
    66: [],
    67: [32, "num"],
    68: [SALTED, "num"],
    69: [SALTED],
    80: [32, "num", "bytes"],
    81: [option(32)],
    82: [32, "num"],
    96: [32, "num", "num", "bytes"],
    97: [32],
    98: [32, "num"],
    99: [32],
    112: [32, 32],
    113: [16, SIGNED, 32],
    114: [32],
    128: ["num", "num", "text"],
    129: [option(32)],
    130: [32],
    144: [option("text")],
    145: ["text"],
    146: ["text", "bool"],
    147: ["text", "bool", option("num"), option("num"), option("num")],
    148: ["text", 32],
}
ANSWERS = {
    1: [],
    2: ["num", "num", "num"],
    16: [many(SIGNED), "bool"],
    17: [many(BUNDLE)],
    18: [32, "u8", "num"],
    19: [32, "u8", "num"],
    48: [many(ROW), "bool"],
    66: ["num"],
    80: ["num"],
    81: [many([32, "num", "bytes"]), "bool"],
    97: ["num", many(["num", "num"]), "num"],
    98: ["num", "bytes"],
    128: [32, 20, "num"],
    129: [many([32, "num", "num", "num", "text"]), "bool"],
    144: [many(USER), "bool"],
    145: USER,
}
CLIENT_FRAME = choice([HELLO], ["num", "kinded"])
RELAY_FRAME = choice([WELCOME], [FAREWELL], ["num", "kinded"], ["num", REFUSAL], ["kinded"])
PUSHES = {1: [ROW], 2: [ENVELOPE], 3: ["num"], 4: [REFUSAL]}
