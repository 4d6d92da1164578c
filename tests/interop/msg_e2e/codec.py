"""The encoding of signed objects (protocol/SPEC.md), and a bounded reader.

A kind is "u8", "u32", "str", "bytes", a number of raw bytes, (Option, kind), (List, kind),
or a list of named fields.
"""

from typing import Any

from .notation import Refused, need

Option, List = "option", "list"


def varint(n: int) -> bytes:
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def encode(kind: Any, value: Any) -> bytes:
    if isinstance(kind, list):
        return b"".join(encode(k, value[name]) for name, k in kind)
    if isinstance(kind, tuple):
        if kind[0] == List:
            return varint(len(value)) + b"".join(encode(kind[1], v) for v in value)
        return b"\0" if value is None else b"\1" + encode(kind[1], value)
    if kind in ("str", "bytes"):
        data = value.encode() if kind == "str" else value
        return varint(len(data)) + data
    if isinstance(kind, int):
        return value
    return bytes([value]) if kind == "u8" else varint(value)


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, n: int) -> bytes:
        need(len(self.data) >= n, "truncated")
        out, self.data = self.data[:n], self.data[n:]
        return out

    def varint(self) -> int:
        n, shift, more = 0, 0, True
        while more:
            need(shift < 35, "long varint")
            byte = self.take(1)[0]
            n, shift, more = n | (byte & 127) << shift, shift + 7, byte > 127
        need(n < 1 << 32, "varint out of range")
        return n

    def read(self, kind: Any) -> Any:
        if isinstance(kind, list):
            return {name: self.read(k) for name, k in kind}
        if isinstance(kind, tuple):
            if kind[0] == List:
                return [self.read(kind[1]) for _ in range(self.varint())]
            flag = self.take(1)[0]
            need(flag < 2, "option flag")
            return self.read(kind[1]) if flag else None
        if kind in ("str", "bytes"):
            data = self.take(self.varint())
            try:
                return data.decode() if kind == "str" else data
            except UnicodeDecodeError:
                raise Refused("text is not UTF-8") from None
        if isinstance(kind, int):
            return self.take(kind)
        return self.take(1)[0] if kind == "u8" else self.varint()


def decode(kind: Any, raw: bytes) -> Any:
    reader = Reader(raw)
    value = reader.read(kind)
    need(not reader.data, "bytes left over")
    need(encode(kind, value) == raw, "not canonical")
    return value
