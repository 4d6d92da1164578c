#!/usr/bin/env python3
"""A chat by menu, over msg: `menu_chat.py`.

What comes is shown as it comes, by `msg recv --follow`: it is msg that makes it
harmless for the terminal. Everything else is one msg command a choice, read as JSON.
"""

import ctypes
import json
import shutil
import signal
import subprocess
import sys
import threading
import unicodedata

MENU = """
  1  is the server there?
  2  who is available?
  3  send to one
  4  send to all
  5  leave
"""
PATIENCE = "10s"  # for a message to be delivered
LATE = 9  # the exit code of what did not get there in time, and is kept
WAITS = {
    "relay": "they are not there; they get it when they are",
    "queued": "it waits here until it can leave",
}
prompt = ""  # what has been asked and not answered yet


def msg(*words, text=""):
    """What a command says, as JSON, and how it ended."""
    done = subprocess.run(["msg", *words, "--json"], input=text.encode(), capture_output=True, check=False)
    lines = done.stdout.decode(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")], done.returncode


def shown(text):
    """A short text from elsewhere, with nothing in it that a terminal obeys."""
    harmless = ("?" if unicodedata.category(c)[0] == "C" else c for c in str(text))
    return "".join(harmless)


def say(line=""):
    print(line, flush=True)


def ask(question):
    global prompt
    prompt = question
    print(prompt, end="", flush=True)
    line = sys.stdin.readline()
    prompt = ""
    if not line:
        raise EOFError
    return line.strip()


def explain(said, code):
    """Why something failed, in msg's own words."""
    errors = [one for one in said if one.get("type") == "error"]
    say(f"failed: {shown(errors[0]['message'])}" if errors else f"failed: msg ended with code {code}")


def server():
    said, code = msg("status")
    status = next((one for one in said if one.get("type") == "status"), None)
    if code == 0 and status and status["reachable"]:
        say(f"yes: {shown(status['address'])}, {status['round_trip_ms']} ms")
    else:
        explain(said, code)


def available():
    said, code = msg("who")
    people = [one for one in said if one.get("type") == "presence"]
    for one in people:
        say(f"  {shown(one['with'])}  {'available' if one['present'] else 'no answer'}")
    if code != 0:
        explain(said, code)
    elif not people:
        say("you have no contacts yet: msg add-contact NAME")


def send(to, text):
    said, code = msg("send", ",".join(to), "-", "--wait", "delivered", "--timeout", PATIENCE, text=text)
    rows = [one for one in said if one.get("type") == "sent"]
    for row in rows:
        if row["reached"]:
            say(f"  {shown(row['to'])}: delivered")
        else:
            error = row.get("error") or {}
            why = WAITS.get(row["level"]) if error.get("code") == LATE else None
            why = why or error.get("message", "no reason was given")
            say(f"  {shown(row['to'])}: failed: {shown(why)}")
    if not rows:
        explain(said, code)


def contacts():
    """Those who can be written to. A comma would part two names."""
    said, _ = msg("contacts")
    people = [one for one in said if one.get("type") == "contact"]
    return [one["name"] for one in people if one["standing"] in ("connected", "waiting") and "," not in one["name"]]


def send_to_one():
    to = ask("to whom? ")
    if to not in contacts():
        return say(f"failed: {shown(to)} is no contact of yours: msg add-contact NAME")
    text = ask("what? ")
    return send([to], text) if text else say("nothing to send")


def send_to_all():
    to = contacts()
    if not to:
        return say("you have no contacts yet: msg add-contact NAME")
    text = ask(f"what, to {len(to)}? ")
    return send(to, text) if text else say("nothing to send")


def menu():
    choices = {"1": server, "2": available, "3": send_to_one, "4": send_to_all}
    while True:
        say(MENU)
        choice = ask("> ")
        if choice == "5":
            return
        if choice in choices:
            choices[choice]()
        elif choice:
            say("a number from 1 to 5")


def end_with_parent():
    """Asks the kernel for a signal when the menu is killed: what comes is not to be shown
    to nobody, and be read."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def show(lines):
    """What comes, above what is being asked."""
    start = "\r" if sys.stdout.isatty() else ""
    for line in lines:
        print(f"{start}{line}{prompt}", end="", flush=True)


def main():
    if shutil.which("msg") is None:
        sys.exit("menu_chat: msg is not there: install it, or put it on the PATH")
    said, code = msg("whoami")
    if code != 0:
        explain(said, code)
        sys.exit(1)
    said, _ = msg("config", "presence")
    if said and said[0].get("value") == "off":
        say("others cannot see that you are there: msg config presence on")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    follower = subprocess.Popen(
        ["msg", "recv", "--follow"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=end_with_parent,
    )
    threading.Thread(target=show, args=[follower.stdout], daemon=True).start()
    try:
        menu()
    except (EOFError, KeyboardInterrupt):
        say()
    finally:
        follower.terminate()
        follower.wait()
    say("bye")


if __name__ == "__main__":
    main()
