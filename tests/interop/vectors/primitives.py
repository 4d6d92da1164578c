"""crypto/SPEC.md §1: the primitives."""

import nacl.bindings as sodium

from msg_e2e import notation as n
from msg_e2e.cards import verify_bytes


def x25519(private: bytes, peer: bytes) -> dict:
    return {"public": n.x25519_public(private), "shared": n.DH(private, peer)}


def key_pair(seed: bytes) -> dict:
    return {"ek": n.kem_public(seed)}


def encaps(ek: bytes, m: bytes) -> dict:
    n.check_kem(ek)
    ct, shared = n.Encaps(ek, m)
    return {"ct": ct, "shared": shared}


def decaps(seed: bytes, ct: bytes) -> dict:
    return {"shared": n.Decaps(seed, ct)}


def sign(seed: bytes, message: bytes) -> dict:
    secret = sodium.crypto_sign_seed_keypair(seed)[1]
    return {"public": n.ed25519_public(seed), "signature": sodium.crypto_sign(message, secret)[:64]}


def verify(public: bytes, message: bytes, signature: bytes) -> dict:
    verify_bytes(public, message, signature)
    return {}


def aead(key: bytes, nonce: bytes, ad: bytes, plaintext: bytes) -> dict:
    return {"ciphertext": n.AEAD(key, nonce, ad, plaintext)}


def xaead(key: bytes, nonce: bytes, ad: bytes, plaintext: bytes) -> dict:
    return {"ciphertext": n.XAEAD(key, nonce, ad, plaintext)}


def open_aead(key: bytes, nonce: bytes, ad: bytes, ciphertext: bytes) -> dict:
    return {"plaintext": n.AEAD_open(key, nonce, ad, ciphertext)}


def open_xaead(key: bytes, nonce: bytes, ad: bytes, ciphertext: bytes) -> dict:
    return {"plaintext": n.XAEAD_open(key, nonce, ad, ciphertext)}
