"""How vectors write values, and whether what is computed agrees with what is stated."""

import hashlib
from collections.abc import Callable
from typing import Any


def literal(value: str | dict) -> bytes:
    """Bytes: as hex, or by the rule that makes them."""
    if isinstance(value, str):
        return bytes.fromhex(value)
    assert set(value) == {"repeat", "length"}, f"no rule for {sorted(value)}"
    return (bytes.fromhex(value["repeat"]) * value["length"])[: value["length"]]


def compare(stated: Any, computed: Any, place: str = "") -> None:
    """`computed` must hold all that is stated, and be that."""
    if isinstance(computed, bytes) and isinstance(stated, dict) and "sha256" in stated:
        computed = {"sha256": hashlib.sha256(computed).hexdigest(), "length": len(computed)}
    elif isinstance(computed, bytes):
        stated = literal(stated)
    if isinstance(stated, dict):
        for name, value in stated.items():
            assert name in computed, f"nobody checks {place}{name}"
            compare(value, computed[name], f"{place}{name}: ")
    elif isinstance(stated, list):
        assert len(stated) == len(computed), f"{place}{len(stated)} items, but {len(computed)} are computed"
        for index, value in enumerate(stated):
            compare(value, computed[index], f"{place}{index}: ")
    else:
        assert stated == computed, f"{place}{stated}, but the second implementation says {computed}"


class Draws:
    """What a case says is drawn, each by its name and once."""

    def __init__(self, draws: dict[str, str]) -> None:
        self.left = {name: bytes.fromhex(value) for name, value in draws.items()}

    def __call__(self, name: str, n: int) -> bytes:
        assert name in self.left, f"no draw is called {name}"
        assert len(self.left[name]) == n, f"draw {name} has not {n} bytes"
        return self.left.pop(name)

    def use(self, operation: Callable[..., Any], *args: Any) -> Any:
        result = operation(*args, self)
        assert not self.left, f"not drawn: {sorted(self.left)}"
        return result
