"""crypto/SPEC.md §7: padding."""

from msg_e2e import padding

from .values import literal


def pad(content: object, size: int) -> dict:
    padded = padding.pad(literal(content), size)
    assert padding.unpad(padded) == literal(content)
    return {"padded": padded}


def unpad(padded: bytes) -> dict:
    return {"content": padding.unpad(padded)}
