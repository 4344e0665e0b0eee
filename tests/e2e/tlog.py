# SPDX-License-Identifier: Apache-2.0
"""A transparency log in plain Python, for scenarios: what it signs, hashes and
proves shares no code with the library. RFC 6962, c2sp.org/signed-note,
tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-witness."""
import base64
import hashlib
import http.client
import os
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

DASH = "\u2014"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    """A note key: type 1 signs notes, type 4 cosigns checkpoints."""

    def __init__(self, name, kind=1, seed=None):
        self.name, self.kind = name, kind
        self.seed = seed or os.urandom(32)
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.id = sha256(name.encode(), b"\n", bytes([kind]), self.public)[:4]

    def vkey(self):
        return "%s+%s+%s" % (self.name, self.id.hex(),
                             b64(bytes([self.kind]) + self.public))

    def line(self, text, time=None):
        """One signature line, with its newline."""
        if self.kind == 1:
            body = self.private.sign(text.encode())
        else:
            message = "cosignature/v1\ntime %d\n%s" % (time, text)
            body = struct.pack(">Q", time) + self.private.sign(
                message.encode())
        return "%s %s %s\n" % (DASH, self.name, b64(self.id + body))


def read_vkey(text):
    name, key_id, rest = text.split("+", 2)
    rest = base64.b64decode(rest)
    assert sha256(name.encode(), b"\n", rest)[:4].hex() == key_id
    return name, bytes.fromhex(key_id), rest[0], rest[1:]


def check_line(text, line, vkey):
    """The time of a cosignature line (0 for a plain signature)."""
    name, key_id, kind, public = read_vkey(vkey)
    dash, of, data = line.rstrip("\n").split(" ")
    data = base64.b64decode(data)
    assert (dash, of, data[:4]) == (DASH, name, key_id), line
    key = ed25519.Ed25519PublicKey.from_public_bytes(public)
    time, body, message = 0, data[4:], text
    if kind == 4:
        (time,), body = struct.unpack(">Q", data[4:12]), data[12:]
        message = "cosignature/v1\ntime %d\n%s" % (time, text)
    try:
        key.verify(body, message.encode())
    except InvalidSignature:
        raise AssertionError("bad signature: " + line) from None
    return time


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class Log:
    """Entries in memory; every hash of a subtree is computed once."""

    def __init__(self, origin, key=None, entries=()):
        self.origin = origin
        self.key = key or Key(origin)
        self.entries = list(entries)
        self.cache = {}

    def fork(self, size):
        return Log(self.origin, self.key, self.entries[:size])

    def add(self, *entries):
        self.entries += [e if isinstance(e, bytes) else e.encode()
                         for e in entries]
        return self

    def grow(self, size, salt=""):
        while len(self.entries) < size:
            self.add("entry %d%s" % (len(self.entries), salt))
        return self

    def hash(self, start, n):
        if n == 0:
            return sha256()
        if (start, n) not in self.cache:
            if n == 1:
                value = sha256(b"\0", self.entries[start])
            else:
                k = split(n)
                value = sha256(b"\1", self.hash(start, k),
                               self.hash(start + k, n - k))
            self.cache[(start, n)] = value
        return self.cache[(start, n)]

    def root(self, size=None):
        return self.hash(0, len(self.entries) if size is None else size)

    def inclusion(self, index, size):
        def path(m, start, n):
            if n == 1:
                return []
            k = split(n)
            if m < k:
                return path(m, start, k) + [self.hash(start + k, n - k)]
            return path(m - k, start + k, n - k) + [self.hash(start, k)]
        return path(index, 0, size)

    def consistency(self, old, size):
        def sub(m, start, n):
            if m == n:
                return [self.hash(start, n)] if start else []
            k = split(n)
            if m <= k:
                return sub(m, start, k) + [self.hash(start + k, n - k)]
            return sub(m - k, start + k, n - k) + [self.hash(start, k)]
        return sub(old, 0, size) if 0 < old < size else []

    def text(self, size=None, extension=""):
        size = len(self.entries) if size is None else size
        return "%s\n%d\n%s\n%s" % (self.origin, size, b64(self.root(size)),
                                   extension)

    def checkpoint(self, size=None, extra="", extension=""):
        text = self.text(size, extension)
        return text + "\n" + self.key.line(text) + extra

    def request(self, old, size=None, extra=""):
        size = len(self.entries) if size is None else size
        lines = ["old %d" % old]
        lines += [b64(h) for h in self.consistency(old, size)]
        return "\n".join(lines) + "\n\n" + self.checkpoint(size, extra)

    def write(self, folder, checkpoint=None):
        """The static files of tlog-tiles."""
        size = len(self.entries)
        for level in range(8):
            n = size >> (8 * level)
            if n == 0:
                break
            for first in range(0, n, 256):
                width = min(256, n - first)
                hashes = [self.hash((first + i) << (8 * level), 1 << 8 * level)
                          for i in range(width)]
                put(folder, tile_path(str(level), first // 256, width),
                    b"".join(hashes))
        for first in range(0, size, 256):
            part = self.entries[first:first + 256]
            put(folder, tile_path("entries", first // 256, len(part)),
                b"".join(struct.pack(">H", len(e)) + e for e in part))
        put(folder, "checkpoint", (checkpoint or self.checkpoint()).encode())


def tile_path(kind, index, width):
    name = "%03d" % (index % 1000)
    while index >= 1000:
        index //= 1000
        name = "x%03d/%s" % (index % 1000, name)
    return "tile/%s/%s%s" % (kind, name, ".p/%d" % width if width < 256 else "")


def put(folder, path, data):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


class Client:
    """One connection that is kept."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, 60)

    def ask(self, method, path, body=None):
        """(code, content type, text)"""
        if isinstance(body, str):
            body = body.encode()
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        return (answer.status, answer.getheader("Content-Type"),
                answer.read().decode())

    def add(self, body):
        return self.ask("POST", "/add-checkpoint", body)


def monitor_path(origin):
    return "/%s/checkpoint" % sha256(origin.encode()).hex()
