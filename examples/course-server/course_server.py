#!/usr/bin/env python3
"""A server of courses over msg: `course_server.py CONFIG`.

Orders come by `msg recv --follow --exec`, which runs this program again for each
message. That run only puts the order into a folder, durably; then msg marks the
message as read. The server takes orders from the folder: those of one student in
their order, those of different students at once. An order leaves the folder when
its answer is on its way. Who is killed in between serves it again, and what is sent
has a key made of the order's id, so that nobody gets an answer twice.

Students are told apart by the fingerprint of their identity, and nothing that they
write becomes part of a path: courses and files are looked up among those there are.
"""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

FINGERPRINT = re.compile(r"[a-z2-7]{52}")
MESSAGE_ID = re.compile(r"[0-9a-f]{32}")
COURSE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MAX_ORDER = 16 * 1024  # characters of an order, and of the progress in it
MAX_WAITING = 10_000  # orders in the folder; what is more stays unread at msg
MAX_OF_ONE = 64  # orders of one student that wait
LONGEST_PAUSE = 60  # seconds until a file is tried again
HELP = """\
list                    the courses
list COURSE             the files of one
get COURSE              all of them, as a tar archive
get COURSE FILE         one of them
progress                how far you are, in all courses
progress COURSE         in one
progress COURSE TEXT    keep TEXT as how far you are
"""


def stop(why):
    sys.exit(f"course_server: {why}")


def log(what):
    print(what, file=sys.stderr, flush=True)


class Config:
    """What the file says: everything is checked before anything is served."""

    def __init__(self, path):
        path = Path(path)
        try:
            with open(path, "rb") as file:
                said = tomllib.load(file)
        except OSError as error:
            stop(f"{path} cannot be read: {error.strerror}")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            stop(f"{path} is no TOML: {error}")
        known = {"state", "students", "workers", "courses"}
        if unknown := sorted(said.keys() - known):
            stop(f"{path}: nothing is called {unknown[0]}; there are {', '.join(sorted(known))}")
        if not isinstance(said.get("state"), str):
            stop(f'{path}: state = "FOLDER" is missing: where orders and progress are kept')
        self.state = path.parent / said["state"]
        self.students = said.get("students", "contacts")
        if self.students != "contacts":
            wrong = not isinstance(self.students, list) or [
                one for one in self.students if not isinstance(one, str) or not FINGERPRINT.fullmatch(one)
            ]
            if wrong:
                stop(f'{path}: students is "contacts" or a list of fingerprints, as msg contacts --json shows')
        self.workers = said.get("workers", 8)
        if not isinstance(self.workers, int) or not 1 <= self.workers <= 64:
            stop(f"{path}: workers is a number from 1 to 64")
        courses = said.get("courses", {})
        if not isinstance(courses, dict) or not courses:
            stop(f"{path}: there is no [courses.NAME]")
        self.courses = {name: self.course(path, name, one) for name, one in courses.items()}

    @staticmethod
    def course(path, name, said):
        if not COURSE.fullmatch(name):
            stop(f"{path}: a course is called a-z, 0-9, _ and -, not {name!r}")
        if not isinstance(said, dict) or not isinstance(said.get("folder"), str):
            stop(f'{path}: [courses.{name}] needs folder = "FOLDER"')
        folder = path.parent / said["folder"]
        if not folder.is_dir():
            stop(f"{path}: the folder of {name} is not there: {folder}")
        return {"title": str(said.get("title", name)), "folder": folder.resolve()}


def write_whole(path, data):
    """The file is there whole and durable, or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def take(config):
    """Puts the message on stdin into the folder of orders. Exit code 0 marks it as read; a
    message that is not marked comes again, and those behind it do not wait for it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # it takes no time, and half of it is in vain
    said = json.load(sys.stdin)
    sender, ident = said.get("fingerprint") or "", said.get("id") or ""
    if said.get("kind") != "text" or said.get("group") or said.get("doubtful"):
        return  # no order, or not surely theirs
    if not FINGERPRINT.fullmatch(sender) or not MESSAGE_ID.fullmatch(ident):
        return
    orders = config.state / "orders"
    waiting = [name for name in os.listdir(orders) if name.endswith(".json")]
    if any(name.endswith(f"-{ident}.json") for name in waiting):
        return
    if len(waiting) >= MAX_WAITING:
        stop("too many orders wait; this one comes again")
    text = said.get("body") or ""
    order = {
        "id": ident,
        "student": sender,
        "name": said["with"],
        "sent_at": said["sent_at"],
        "is_again": bool(said.get("redelivered")),
        "text": text if len(text) <= MAX_ORDER else "",
    }
    name = f"{time.time_ns():020}-{ident}.json"
    write_whole(orders / name, json.dumps(order).encode())
    try:
        print(name, flush=True)
    except BrokenPipeError:  # nobody is there: the next server finds it in the folder
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def files_of(folder):
    """The regular files of a course by their paths in it."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(folder).as_posix()] = path
    return found


class Server:
    """Serves orders: one worker at a time for a student."""

    def __init__(self, config):
        self.config = config
        self.orders = config.state / "orders"
        self.pool = ThreadPoolExecutor(config.workers)
        self.lock = threading.Lock()
        self.known = set()  # names of files that wait
        self.waiting = {}  # student -> the same; there while they have any
        self.stopped = False

    def add(self, name):
        with self.lock:
            if name in self.known:
                return
            self.known.add(name)
        try:
            order = json.loads((self.orders / name).read_text("utf-8"))
        except FileNotFoundError:  # served before it was announced
            self.known.discard(name)
            return
        with self.lock:
            mine = self.waiting.setdefault(order["student"], deque())
            mine.append(name)
            is_first = len(mine) == 1
        if is_first:
            self.pool.submit(self.next, order["student"], 1)

    def next(self, student, pause):
        """Serves the first order of a student, then has the next one served."""
        with self.lock:
            if self.stopped:
                return
            mine = self.waiting[student]
            name, is_too_many = mine[0], len(mine) > MAX_OF_ONE
        try:
            order = json.loads((self.orders / name).read_text("utf-8"))
            is_served = self.too_many(order) if is_too_many else self.serve(order)
        except Exception as error:  # one order must not end the others
            log(f"{name}: {error!r}; it is tried again")
            is_served = False
        if not is_served:
            timer = threading.Timer(pause, self.submit, [student, min(pause * 2, LONGEST_PAUSE)])
            timer.daemon = True
            timer.start()
            return
        (self.orders / name).unlink(missing_ok=True)
        with self.lock:
            self.known.discard(mine.popleft())
            if not mine:
                del self.waiting[student]
                return
        self.submit(student, 1)

    def submit(self, student, pause):
        with self.lock:
            if not self.stopped:
                self.pool.submit(self.next, student, pause)

    def stop(self):
        with self.lock:
            self.stopped = True
        self.pool.shutdown(wait=True, cancel_futures=True)

    # What can be asked for. Each gives whether the answer is on its way.

    def serve(self, order):
        allowed = self.config.students
        if allowed != "contacts" and order["student"] not in allowed:
            log(f"refused: {order['student']} is not on the list")
            return self.say(order, "You are not on the list of students here.")
        verb, _, rest = order["text"].strip().partition(" ")
        name, _, rest = rest.strip().partition(" ")
        rest = rest.strip()
        if verb == "list" and not name:
            lines = [f"{name}  {one['title']}" for name, one in self.config.courses.items()]
            return self.say(order, "\n".join(lines))
        if verb == "progress" and not name:
            kept = [(name, self.kept(order, name)["text"]) for name in self.config.courses]
            lines = [f"{name}  {text}" for name, text in kept if text is not None]
            return self.say(order, "\n".join(lines) or "Nothing is kept yet.")
        if verb not in ("list", "get", "progress"):
            return self.say(order, HELP)
        course = self.config.courses.get(name)
        if course is None:
            return self.say(order, "No course is called that. `list` shows all.")
        if verb == "list":
            return self.say(order, "\n".join(sorted(files_of(course["folder"]))) or "It is empty.")
        if verb == "progress":
            return self.keep_or_tell(order, name, rest)
        if not rest:
            return self.send_file(order, course["folder"], name + ".tar")
        path = files_of(course["folder"]).get(rest)
        if path is None:
            return self.say(order, f"It has no such file. `list {name}` shows all.")
        return self.send_file(order, path, path.name)

    def too_many(self, order):
        return self.say(order, f"More than {MAX_OF_ONE} of your orders wait. Ask again later.")

    def progress_file(self, order, course):
        return self.config.state / "progress" / order["student"] / f"{course}.json"

    def kept(self, order, course):
        """What a student has kept in a course, and when it was sent."""
        try:
            return json.loads(self.progress_file(order, course).read_text("utf-8"))
        except FileNotFoundError:
            return {"text": None, "sent_at": ""}

    def keep_or_tell(self, order, course, text):
        kept = self.kept(order, course)
        if not text:
            return self.say(order, kept["text"] or "Nothing is kept yet.")
        if order["is_again"] and order["sent_at"] <= kept["sent_at"]:
            # It was given in vain before, and a later one has overtaken it.
            return self.say(order, "Something newer is kept.")
        kept = {"text": text, "sent_at": order["sent_at"]}
        write_whole(self.progress_file(order, course), json.dumps(kept).encode())
        return self.say(order, "kept")

    # What goes out. Level `queued` is enough: from then on msg keeps it until it is there.

    def say(self, order, text):
        return self.msg(order, ["reply", order["id"], "-", "--idempotency-key", f"say-{order['id']}"], text)

    def send_file(self, order, path, name):
        words = ["send", order["name"], "--reply-to", order["id"], "--name", name]
        words += ["--idempotency-key", f"file-{order['id']}", "--file", str(path)]
        return self.msg(order, words)

    def msg(self, order, words, text=""):
        done = subprocess.run(
            ["msg", *words, "--queue", "--quiet"], input=text.encode(), capture_output=True, check=False
        )
        if done.returncode == 0:
            return True
        log(f"{order['id']}: {done.stderr.decode(errors='replace').strip()}")
        # 4: no relay, 7: busy, 8: refused for now, 9: late. Anything else stays as it is.
        return done.returncode not in (4, 7, 8, 9)


def end_with_parent():
    """Asks the kernel for a signal when the server is killed: a msg that goes on without
    it would keep others from taking orders."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def serve(path, config):
    if shutil.which("msg") is None:
        stop("msg is not there: install it, or put it on the PATH")
    orders = config.state / "orders"
    orders.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = open(config.state / "lock", "w")
    try:
        flock(own, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        stop(f"another course server uses {config.state}")
    follower = subprocess.Popen(
        ["msg", "recv", "--follow", "--exec", sys.executable, os.path.abspath(__file__), "--take", path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent,
    )
    server = Server(config)
    for name in sorted(os.listdir(orders)):
        if name.endswith(".json"):
            server.add(name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: follower.terminate())
    log(f"serving {', '.join(config.courses)}")
    for line in follower.stdout:
        server.add(line.strip())
    code = follower.wait()
    server.stop()
    if code not in (0, 128 + signal.SIGTERM, 128 + signal.SIGINT):
        stop(f"msg recv ended with code {code}")


def main(words):
    match words:
        case ["--take", path]:
            take(Config(path))
        case ["--check", path]:
            for name, one in Config(path).courses.items():
                print(f"{name}  {one['title']}  {len(files_of(one['folder']))} files")
        case [path] if not path.startswith("-"):
            serve(path, Config(path))
        case _:
            stop("usage: course_server.py [--check] CONFIG")


if __name__ == "__main__":
    main(sys.argv[1:])
