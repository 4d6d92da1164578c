"""Names, addresses and links as texts (protocol/SPEC.md)."""

import base64
import ipaddress
import re

from .notation import need


def name(text: str) -> str:
    need(re.fullmatch("[A-Za-z][A-Za-z0-9._-]{1,31}", text) is not None, "name")
    return text.lower()


def host(text: str) -> str:
    if text.startswith("["):
        need(text.endswith("]") and ":" in text and "%" not in text, "IPv6 address")
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1])}]"
        except ValueError:
            need(False, "IPv6 address")
    labels = text.lower().split(".")
    need(0 < len(text) <= 253, "length of the host")
    for label in labels:
        need(re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) is not None, "part of the host")
    if labels[-1].isdigit():
        numbers = [re.fullmatch("0|[1-9][0-9]{0,2}", label) and int(label) < 256 for label in labels]
        need(len(labels) == 4 and all(numbers), "IPv4 address")
    return text.lower()


def relay(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(.*))?", text, re.DOTALL)
    need(found is not None, "relay")
    port = found[2]
    need(port is None or re.fullmatch("[1-9][0-9]{0,4}", port) is not None and int(port) < 65_536, "port")
    return host(found[1]), int(port or 7777)


def write_relay(relay: tuple[str, int], always_port: bool = False) -> str:
    return f"{relay[0]}:{relay[1]}" if always_port or relay[1] != 7777 else relay[0]


def address(text: str) -> tuple[str, tuple[str, int]]:
    need(text.count("@") == 1, "@")
    left, right = text.split("@")
    return name(left), relay(right)


def unbase32(text: str, n: int) -> bytes:
    need(re.fullmatch("[a-z2-7]*", text) is not None and len(text) == -(-n * 8 // 5), "base32")
    data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    need(base32(data) == text, "stray bits")
    return data


def base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def parameters(text: str, known: dict[str, int]) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = dict.fromkeys(known)
    for pair in text.split("&") if text else []:
        key, _, value = pair.partition("=")
        need(key in known and found[key] is None, "parameter")
        found[key] = unbase32(value, known[key])
    return found


def cut(text: str, scheme: str) -> tuple[str, str]:
    """What stands before the parameters, and those."""
    need(len(text) <= 512 and re.fullmatch("[!-~]*", text) is not None and not set(text) & set("%#"), "characters")
    need(text.startswith(scheme), "scheme")
    before, mark, after = text[len(scheme) :].partition("?")
    need(bool(after) or not mark, "no parameters")
    return before, after


def write(parameters: dict[str, bytes | None]) -> str:
    return "&".join(f"{key}={base32(value)}" for key, value in parameters.items() if value is not None)


def relay_link(text: str) -> tuple[tuple[str, int], dict[str, bytes | None]]:
    before, after = cut(text, "msg-relay://")
    return relay(before.removesuffix("/")), parameters(after, {"pin": 32, "invite": 20})


def contact_link(text: str) -> tuple[tuple[str, tuple[str, int]], dict[str, bytes | None]]:
    before, after = cut(text, "msg:")
    found = parameters(after, {"pin": 32, "id": 32, "token": 32})
    need(found["id"] is not None, "id")
    return address(before), found
