#!/usr/bin/env python3
"""A bot that runs listed commands for listed people, in one group:
`msg recv --follow --reply --exec ./ops_bot.py bot.toml`.

msg runs it for each message, with the message as JSON on stdin; what it prints is
the answer, to the group. What others write is only ever compared with the list: it is
no argument of a command, and no shell is there. Exit code 0 marks the message as
read; with any other it stays unread and comes again.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib

FINGERPRINT = re.compile(r"[a-z2-7]{52}")
MAX_OUTPUT = 4 * 1024  # bytes of a command's output that are told
MAX_SECONDS = 60  # for which a command may run, unless the file says less


def stop(why):
    """The message stays unread: who runs the bot has to mend something."""
    sys.exit(f"ops_bot: {why}")


def read(path):
    try:
        with open(path, "rb") as file:
            said = tomllib.load(file)
    except OSError as error:
        stop(f"{path} cannot be read: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        stop(f"{path} is no TOML: {error}")
    if unknown := sorted(said.keys() - {"group", "sign", "seconds", "people", "commands"}):
        stop(f"{path}: nothing is called {unknown[0]}")
    if not isinstance(said.get("group"), str) or not said["group"].startswith("#"):
        stop(f'{path}: group = "#NAME" is missing')
    sign = said.setdefault("sign", "!")
    if not isinstance(sign, str) or not sign:
        stop(f"{path}: sign is what orders begin with, as in \"!\"")
    seconds = said.setdefault("seconds", MAX_SECONDS)
    if not isinstance(seconds, int) or not 1 <= seconds <= MAX_SECONDS:
        stop(f"{path}: seconds is a number from 1 to {MAX_SECONDS}")
    people, commands = said.get("people"), said.get("commands")
    if not isinstance(people, dict) or not isinstance(commands, dict):
        stop(f"{path} needs [people] and [commands]")
    for name, fingerprint in people.items():
        if not isinstance(fingerprint, str) or not FINGERPRINT.fullmatch(fingerprint):
            stop(f"{path}: {name} needs a fingerprint, as `msg contacts --json` shows it")
    for name, argv in commands.items():
        if not isinstance(argv, list) or not argv or not all(isinstance(word, str) for word in argv):
            stop(f'{path}: {name} needs a program and its arguments: ["df", "-h"]')
    return said


def run(argv, seconds):
    """What a listed command prints, cut, and how it ended. It has a session of its own,
    so that what it leaves running ends with it."""
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"{argv[0]} cannot be started: {error.strerror}\n"
    signal.signal(signal.SIGALRM, lambda *_: end(child))
    signal.alarm(seconds)
    output = child.stdout.read(MAX_OUTPUT + 1)
    if len(output) > MAX_OUTPUT:
        end(child)
    code = child.wait()
    is_late = signal.alarm(0) == 0
    end(child)
    text = output[:MAX_OUTPUT].decode(errors="replace")
    if text and not text.endswith("\n"):
        text += "\n"
    if len(output) > MAX_OUTPUT:
        return text + f"(cut after {MAX_OUTPUT} bytes)\n"
    if is_late:
        return text + f"(ended after {seconds} seconds)\n"
    return text if code == 0 and text else text + f"(exit code {code})\n"


def end(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def answer(said, message):
    """What is said to a message; nothing to what is no order."""
    if message.get("kind") != "text" or message.get("group") != said["group"]:
        return ""
    text = message.get("body") or ""
    if not text.startswith(said["sign"]):
        return ""
    sender = message.get("fingerprint")
    if message.get("doubtful") or not sender or sender not in said["people"].values():
        print(f"ops_bot: refused: {sender} is not on the list", file=sys.stderr)
        return "You are not on my list.\n"
    if message.get("redelivered"):
        # It may have run before something ended us. Twice is for people to decide.
        return "That order came to me twice, and I may have run it. Say it again if it is to run.\n"
    order = text[len(said["sign"]) :].strip()
    argv = said["commands"].get(order)
    if argv is None:
        known = ", ".join(said["sign"] + name for name in said["commands"])
        return f"I know: {known}\n"
    return run(argv, said["seconds"])


def main():
    if len(sys.argv) != 2:
        stop("usage: msg recv --follow --reply --exec ./ops_bot.py bot.toml")
    said = read(sys.argv[1])
    sys.stdout.write(answer(said, json.load(sys.stdin)))


if __name__ == "__main__":
    main()
