"""crypto/SPEC.md §9: from a password to a credential."""

import unicodedata

from msg_e2e import password as pw


def credential(password: str, host: str, name: str) -> dict:
    master = pw.password_master(password, host, name)
    normal = unicodedata.normalize("NFKC", password).encode()
    steps = {"normal": normal, "salt": pw.password_salt(host, name), "master": master}
    return steps | {"credential": pw.password_credential(master)}
