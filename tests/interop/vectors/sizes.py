"""crypto/SPEC.md §7: how long a body is."""

from msg_e2e import padding


def body_size(envelope: str, initiator: int | None, content_length: int) -> dict:
    if envelope == "handshake":
        overhead = 1 + 4 + 4 + 1 + 4 + 32 + 1088 + 2 + initiator + 16 + 24 + 1224 + 16 + 16
    else:
        overhead = 24 + 2312 + 16 + 16
    return {"body length": padding.body_size(overhead + content_length + 1)}
