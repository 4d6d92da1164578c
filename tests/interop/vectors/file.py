"""crypto/SPEC.md §10: payloads, and the padding before them."""

from msg_e2e import files
from msg_e2e.notation import HKDF, Refused, u


def payload(file_key: bytes, nonce: bytes, plaintext: bytes, alterations: list) -> dict:
    payload = files.file_seal(file_key, nonce, plaintext)
    assert files.file_open(file_key, payload) == plaintext
    for alteration in alterations:
        altered = payload[: alteration["keep"]] + bytes.fromhex(alteration["append"])
        try:
            files.file_open(file_key, altered)
        except Refused:
            continue
        raise AssertionError(f"should be refused: {alteration['name']}")
    return {"key": HKDF(nonce, file_key, b"payload", 32), "chunks": chunks(payload), "payload": payload}


def chunks(payload: bytes) -> list:
    size = files.CHUNK + 16
    sealed = [payload[at : at + size] for at in range(16, len(payload), size)]
    return [
        {"nonce": u(i, 11) + bytes([i + 1 == len(sealed)]), "length": len(chunk) - 16, "tag": chunk[-16:]}
        for i, chunk in enumerate(sealed)
    ]


def upload(file_key: bytes, nonce: bytes, content: bytes) -> dict:
    payload, sha256 = files.upload(file_key, nonce, content)
    padded = padded_length(len(content))["padded length"]
    assert files.download(file_key, payload, len(content), padded, sha256) == content
    return {"padded length": padded, "payload": payload}


def padded_length(length: int) -> dict:
    return {"padded length": files.padme(max(length, files.CHUNK))}
