"""§7: padding and body sizes."""

from .notation import need


def pad(content: bytes, size: int) -> bytes:
    need(len(content) < size, "too long")
    return content + b"\x80" + bytes(size - len(content) - 1)


def unpad(padded: bytes) -> bytes:
    content = padded.rstrip(b"\0")
    need(content[-1:] == b"\x80", "padding")
    return content[:-1]


BODY_SIZES = (4096, 8192, 16_384, 32_768, 65_536)


def body_size(length: int) -> int:
    need(length <= BODY_SIZES[-1], "content of one envelope")
    return next(size for size in BODY_SIZES if length <= size)
