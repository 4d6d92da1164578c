#!/usr/bin/env python3
"""Takes alerts from Prometheus' Alertmanager and tells a group:
`alertmanager.py '#ops' [--port 9096]`.

It listens on loopback alone. Alertmanager is answered 200 when msg has the message
durably, and else 503, so that it tries again; a key made of the notification keeps a
second try from telling twice.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 1024 * 1024
MAX_ALERTS = 50  # that are told one by one
MAX_FIELD = 300  # characters of a name or a summary
PATIENCE = 60  # seconds for a request


def short(value):
    text = " ".join(str(value).split())
    return text if len(text) <= MAX_FIELD else text[:MAX_FIELD] + " …"


def words(said):
    """A notification (version 4) as text: a line for each alert."""
    alerts = said["alerts"]
    if not isinstance(alerts, list) or not alerts:
        raise ValueError("no alerts")
    lines = []
    for alert in alerts[:MAX_ALERTS]:
        labels, notes = alert.get("labels") or {}, alert.get("annotations") or {}
        name = short(labels.get("alertname", "alert"))
        where = f" on {short(labels['instance'])}" if "instance" in labels else ""
        severity = f" ({short(labels['severity'])})" if "severity" in labels else ""
        about = notes.get("summary") or notes.get("description")
        sign = "resolved" if alert.get("status") == "resolved" else "FIRING"
        lines.append(f"{sign}: {name}{where}{severity}" + (f": {short(about)}" if about else ""))
    if len(alerts) > MAX_ALERTS:
        lines.append(f"and {len(alerts) - MAX_ALERTS} more")
    return "\n".join(lines) + "\n"


def key(said):
    """The same for each try to tell the same: which alerts, since when, and how they are."""
    parts = [said.get("groupKey"), said.get("status")]
    for alert in said["alerts"]:
        parts.append([alert.get(part) for part in ("fingerprint", "labels", "status", "startsAt", "endsAt")])
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"alertmanager-{digest}"


def tell(group, text, key):
    """Whether msg has it. Exit code 5: some members cannot be reached, and it is kept for them."""
    done = subprocess.run(
        ["msg", "send", group, "-", "--queue", "--quiet", "--idempotency-key", key],
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 5):
        print(f"msg send: {done.stderr.decode(errors='replace').strip()}", file=sys.stderr, flush=True)
    return done.returncode in (0, 5)


class Receiver(BaseHTTPRequestHandler):
    timeout = PATIENCE
    group = ""

    def do_POST(self):
        if self.path != "/":
            return self.answer(404, "post to /")
        # A page in a browser on this machine can post too, but not as JSON, unasked.
        if self.headers.get_content_type() != "application/json":
            return self.answer(415, "application/json, please")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self.answer(411, "how long is it?")
        if int(length) > MAX_BODY:
            return self.answer(413, f"at most {MAX_BODY} bytes")
        try:
            said = json.loads(self.rfile.read(int(length)))
            text, known_as = words(said), key(said)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return self.answer(400, "not a notification of Alertmanager")
        if tell(self.group, text, known_as):
            return self.answer(200, "told")
        return self.answer(503, "msg could not take it; see the log")

    def answer(self, code, text):
        body = (text + "\n").encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        """What is asked is nobody's business; what fails is said in `tell`."""


def main():
    parser = argparse.ArgumentParser(description="Tells a group of msg what Alertmanager says.")
    parser.add_argument("group", help="as '#ops'")
    parser.add_argument("--port", type=int, default=9096, help="on 127.0.0.1; 0 for any (default 9096)")
    asked = parser.parse_args()
    if shutil.which("msg") is None:
        sys.exit("alertmanager: msg is not there: install it, or put it on the PATH")
    Receiver.group = asked.group
    try:
        server = ThreadingHTTPServer(("127.0.0.1", asked.port), Receiver)
    except OSError as error:
        sys.exit(f"alertmanager: port {asked.port} cannot be had: {error.strerror}")
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
