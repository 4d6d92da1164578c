"""protocol/SPEC.md, Frames to Codes: each frame, length included."""

from collections.abc import Callable

from msg_e2e.codec import varint
from msg_e2e.notation import u

from . import schema as s


def frame(read: Callable[[bytes], dict], choice: int, *parts: bytes) -> dict:
    body = varint(choice) + b"".join(parts)
    assert 1 <= len(body) <= 73_728 and read(body) == {"choice": choice}
    return {"frame": u(len(body), 4) + body}


def hello(fields: dict) -> dict:
    return frame(client_frame, 0, s.encode(s.HELLO, fields))


def request(id: int, kind: int, fields: dict) -> dict:
    return frame(client_frame, 1, varint(id), s.encode_kinded(s.REQUESTS, kind, fields))


def welcome(fields: dict) -> dict:
    return frame(relay_frame, 0, s.encode(s.WELCOME, fields))


def farewell(fields: dict) -> dict:
    return frame(relay_frame, 1, s.encode(s.FAREWELL, fields))


def answer(id: int, kind: int, fields: dict) -> dict:
    return frame(relay_frame, 2, varint(id), s.encode_kinded(s.ANSWERS, kind, fields))


def refusal(id: int, fields: dict) -> dict:
    return frame(relay_frame, 3, varint(id), s.encode(s.REFUSAL, fields))


def push(kind: int, fields: dict) -> dict:
    return frame(relay_frame, 4, s.encode_kinded(s.PUSHES, kind, fields))


def client_frame(body: bytes) -> dict:
    choice, fields = s.decode_whole(s.CLIENT_FRAME, body)
    if choice == 1:
        decode_known(s.REQUESTS, *fields[1])
    return {"choice": choice}


def relay_frame(body: bytes) -> dict:
    choice, fields = s.decode_whole(s.RELAY_FRAME, body)
    if choice in (2, 4):
        decode_known(s.ANSWERS if choice == 2 else s.PUSHES, *fields[-1])
    return {"choice": choice}


def decode_known(kinds: dict[int, list], kind: int, body: bytes) -> None:
    if kind in kinds:
        s.decode_whole(kinds[kind], body)
