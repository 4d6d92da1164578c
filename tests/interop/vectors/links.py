"""protocol/SPEC.md, Text forms, Addresses and links."""

from msg_e2e import addresses as a


def parts(relay: tuple[str, int]) -> dict:
    return {"host": relay[0], "port": relay[1]}


def name(text: str) -> dict:
    return {"text": a.name(text)}


def relay(text: str) -> dict:
    read = a.relay(text)
    return parts(read) | {"text": a.write_relay(read)}


def address(text: str) -> dict:
    name, relay = a.address(text)
    return {"name": name, "relay": parts(relay), "text": f"{name}@{a.write_relay(relay)}"}


def relay_link(text: str) -> dict:
    relay, parameters = a.relay_link(text)
    query = a.write(parameters)
    written = f"msg-relay://{a.write_relay(relay, True)}/" + (f"?{query}" if query else "")
    return {"relay": parts(relay), "text": written} | parameters


def contact_link(text: str) -> dict:
    (name, relay), parameters = a.contact_link(text)
    written = f"msg:{name}@{a.write_relay(relay, True)}?{a.write(parameters)}"
    return {"name": name, "relay": parts(relay), "text": written} | parameters
