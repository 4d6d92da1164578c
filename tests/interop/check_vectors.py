"""Checks every file of test vectors against the second implementation.

Usage: check_vectors.py FOLDER. Prints a line a file, and exits 1 at a difference.

`tests/vectors/README.md` says what a file holds. For each file there is a module in
`vectors/` and for each kind of case a function in it, whose parameters are the inputs (with
script and alterations) and whose result holds the outputs and steps. Nothing goes unchecked:
a file without a module, a kind without a function, an input that the function does not take,
and an output that it does not give are all failures.
"""

import importlib
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msg_e2e.notation import Refused
from vectors.values import compare, literal


def identifier(words: str) -> str:
    return words.replace(" ", "_").replace("-", "_").replace("'", "")


def from_json(value: Any, kind: Any) -> Any:
    """By the parameter's type: bytes are hex; in a dict whose values are bytes, those are;
    a number of 2^53 or more is a text."""
    if value is not None and kind is bytes:
        return literal(value)
    if value is not None and kind is int:
        return int(value)
    if kind == list[bytes]:
        return [bytes.fromhex(item) for item in value]
    if kind == dict[str, bytes]:
        return {name: bytes.fromhex(item) for name, item in value.items()}
    return value


def run(function: Callable[..., dict], inputs: dict) -> dict:
    types = {name: parameter.annotation for name, parameter in inspect.signature(function).parameters.items()}
    inputs = {identifier(name): value for name, value in inputs.items()}
    assert set(inputs) == set(types), f"inputs {sorted(inputs)}, but the check takes {sorted(types)}"
    return function(**{name: from_json(value, types[name]) for name, value in inputs.items()})


def check_case(module: Any, case: dict) -> None:
    function = getattr(module, identifier(case["kind"]).lower(), None)
    assert function is not None, f"kind {case['kind']} has no check"
    inputs = case["inputs"] | {name: case[name] for name in ("script", "alterations") if name in case}
    try:
        computed = run(function, inputs)
    except Refused as refusal:
        assert "refused" in case, f"refused: {refusal}"
        return
    assert "refused" not in case, "should be refused"
    compare(case.get("steps", {}) | case.get("outputs", {}), computed)


def check_file(path: Path) -> int:
    """The number of cases, all of them good."""
    module = importlib.import_module(f"vectors.{identifier(path.stem)}")
    cases = json.loads(path.read_text())["cases"]
    assert cases, "no cases"
    for case in cases:
        try:
            check_case(module, case)
        except AssertionError as difference:
            raise AssertionError(f"{case['name']}: {difference}") from None
    return len(cases)


def main() -> int:
    paths = sorted(Path(sys.argv[1]).glob("*.json"))
    failed = not paths
    for path in paths:
        try:
            print(f"{path.name}: {check_file(path)} cases")
        except (AssertionError, ImportError) as problem:
            failed = True
            print(f"{path.name}: {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
