"""§1: bytes, hashes, and the primitives under the names that SPEC gives them."""

import hashlib
import hmac
from typing import Callable

import nacl.bindings as sodium
from kyber_py.ml_kem import ML_KEM_768
from nacl.exceptions import CryptoError

Draw = Callable[[str, int], bytes]
DAY = 86_400


class Refused(Exception):
    """Input that SPEC says to refuse; the text is the reason."""


def need(condition: bool, reason: str) -> None:
    if not condition:
        raise Refused(reason)


def u(n: int, size: int) -> bytes:
    return n.to_bytes(size, "big")


def num(b: bytes) -> int:
    return int.from_bytes(b, "big")


def L(x: str) -> bytes:
    return b"msg/v1/" + x.encode()


def H(*fields: bytes) -> bytes:
    return hashlib.sha256(b"".join(u(len(f), 4) + f for f in fields)).digest()


def HMAC(k: bytes, m: bytes) -> bytes:
    return hmac.digest(k, m, "sha256")


def Expand(prk: bytes, info: bytes, n: int) -> bytes:
    out, t, i = b"", b"", 0
    while len(out) < n:
        i += 1
        t = HMAC(prk, t + info + bytes([i]))
        out += t
    return out[:n]


def HKDF(salt: bytes, ikm: bytes, info: bytes, n: int) -> bytes:
    return Expand(HMAC(salt or bytes(32), ikm), info, n)


def x25519_public(private: bytes) -> bytes:
    return sodium.crypto_scalarmult_base(private)


def DH(a: bytes, B: bytes) -> bytes:
    try:
        return sodium.crypto_scalarmult(a, B)  # fails if the result is all zero
    except (CryptoError, RuntimeError):
        raise Refused("non-contributory DH") from None


def kem_public(seed: bytes) -> bytes:
    return ML_KEM_768.key_derive(seed)[0]


def check_kem(ek: bytes) -> None:
    """The modulus check of FIPS 203 §7.2: every 12-bit coefficient below 3329."""
    packed = int.from_bytes(ek[:1152], "little")
    need(len(ek) == 1184 and all(packed >> 12 * i & 0xFFF < 3329 for i in range(768)), "encapsulation key")


def Encaps(ek: bytes, m: bytes) -> tuple[bytes, bytes]:
    try:
        ss, ct = ML_KEM_768._encaps_internal(ek, m)  # checks length and modulus
    except ValueError:
        raise Refused("encapsulation key") from None
    return ct, ss


def Decaps(seed: bytes, ct: bytes) -> bytes:
    return ML_KEM_768.decaps(ML_KEM_768.key_derive(seed)[1], ct)


def ed25519_public(seed: bytes) -> bytes:
    return sodium.crypto_sign_seed_keypair(seed)[0]


def _aead(encrypt: Callable, decrypt: Callable) -> tuple[Callable[..., bytes], Callable[..., bytes]]:
    def seal(k: bytes, n: bytes, ad: bytes, p: bytes) -> bytes:
        return encrypt(p, ad, n, k)

    def open(k: bytes, n: bytes, ad: bytes, c: bytes) -> bytes:
        try:
            return decrypt(c, ad, n, k)
        except (CryptoError, ValueError):
            raise Refused("tag") from None

    return seal, open


AEAD, AEAD_open = _aead(
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt, sodium.crypto_aead_chacha20poly1305_ietf_decrypt
)
XAEAD, XAEAD_open = _aead(
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt, sodium.crypto_aead_xchacha20poly1305_ietf_decrypt
)
