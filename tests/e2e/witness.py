#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A witness in plain Python (c2sp.org/tlog-witness), and ways to be a bad one.

usage: witness.py FOLDER NAME LOG-KEY [BEHAVIOUR]

Listens on a free port. FOLDER/NAME.url and FOLDER/NAME.key say where and as
whom; FOLDER/NAME.state holds the size and root that were cosigned last, and
FOLDER/NAME.seen every size and root that the log ever signed towards us.
BEHAVIOUR: good, hang (never answers), garbage (answers nonsense), endless,
forget (says 200 without a signature), ahead (claims a larger size).
"""
import base64
import hashlib
import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tlog import Key, b64, check_line, sha256  # noqa: E402

FOLDER, NAME, LOG_KEY = sys.argv[1:4]
BEHAVIOUR = sys.argv[4] if len(sys.argv) > 4 else "good"
LOCK = threading.Lock()
KEY = Key(NAME + ".witness.example", 4,
          hashlib.sha256(NAME.encode()).digest())


def path(kind):
    return os.path.join(FOLDER, "%s.%s" % (NAME, kind))


def write(kind, text):
    with open(path(kind + ".new"), "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path(kind + ".new"), path(kind))


def state():
    if not os.path.exists(path("state")):
        return 0, b64(sha256())
    with open(path("state"), encoding="utf-8") as file:
        size, root = file.read().split()
    return int(size), root


def is_consistent(old, old_root, size, root, proof):
    """RFC 9162 section 2.1.4.2."""
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof
    if old & (old - 1) == 0:
        proof = [old_root] + proof
    if not proof:
        return False
    f, s = old - 1, size - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    left = right = proof[0]
    for c in proof[1:]:
        if s == 0:
            return False
        if f & 1 or f == s:
            left, right = sha256(b"\1", c, left), sha256(b"\1", c, right)
            while f != 0 and not f & 1:
                f, s = f >> 1, s >> 1
        else:
            right = sha256(b"\1", right, c)
        f, s = f >> 1, s >> 1
    return s == 0 and left == old_root and right == root


def judge(body):
    """(code, type, text)"""
    head, text, signatures = body.split("\n\n")
    lines = head.split("\n")
    old = int(lines[0][4:])
    proof = [base64.b64decode(line) for line in lines[1:]]
    origin, size, root = text.split("\n")[:3]
    check_line(text + "\n", signatures.split("\n")[0], LOG_KEY)
    assert origin == LOG_KEY.split("+")[0]
    with LOCK:
        with open(path("seen"), "a", encoding="utf-8") as file:
            file.write("%s %s\n" % (size, root))
        known, known_root = state()
        size = int(size)
        if BEHAVIOUR == "ahead":
            return 409, "text/x.tlog.size", "%d\n" % (size + 5)
        if old != known:
            return 409, "text/x.tlog.size", "%d\n" % known
        if old == size and root != known_root:
            return 409, "text/x.tlog.size", "%d\n" % known
        if not is_consistent(old, base64.b64decode(known_root), size,
                             base64.b64decode(root), proof):
            return 422, "text/plain", "inconsistent\n"
        write("state", "%d %s" % (size, root))
    return 200, "text/plain", KEY.line(text + "\n", int(time.time()))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert self.path == "/add-checkpoint"
        code, kind, text = judge(body)
        if BEHAVIOUR == "hang":
            time.sleep(3600)
        elif BEHAVIOUR == "garbage":
            text = "\u2014 x \0\n\n\u2014\n"
        elif BEHAVIOUR == "forget":
            text = "\n"
        elif BEHAVIOUR == "endless":
            text = KEY.line("other\n", 1) * 100000
        data = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
write("key", KEY.vkey())
write("url", "http://127.0.0.1:%d" % server.server_address[1])
server.serve_forever()
