#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a cloud's tree as docs/protocol-reputation.md says, with nothing of ours.

usage: cloud_check.py truth N             N lines "HASH REPUTATION [FAMILY]"
       cloud_check.py snapshot TREE EPOCH TRUTH
       cloud_check.py chain TREE TRUTH    the first epoch and all deltas
       cloud_check.py serve URL TREE      whatever serves it gives its bytes

Every file that the statement names is compared with it, every verdict of TRUTH
is looked up in filters, hot list and buckets, each bucket is proven to the root,
and some hashes that nobody has said anything of are found to be absent.
"""
import hashlib
import os
import struct
import sys
import urllib.error
import urllib.request

NAMES = ["good", "malicious", "unwanted", "suspicious", "recalled", "test"]
MASK = (1 << 64) - 1


def sha(data):
    return hashlib.sha256(data).digest()


def read(*path):
    with open(os.path.join(*map(str, path)), "rb") as file:
        return file.read()


def truth_of(path):
    """hash -> (reputation, family), the last line of each."""
    said = {}
    for line in read(path).decode().splitlines():
        words = line.split(" ")
        said[bytes.fromhex(words[0])] = (words[1], " ".join(words[2:]))
    return {h: v for h, v in said.items() if v[0] != "withdrawn"}


class Statement:
    def __init__(self, tree, epoch):
        text = read(tree, "v1/snap", epoch, "statement").split(b"\n\n")[0]
        lines = [line.split(" ") for line in text.decode().splitlines()[1:]]
        self.one = {words[0]: words[1:] for words in lines}
        self.counts = {w[1]: int(w[2]) for w in lines if w[0] == "count"}
        self.filters = {w[1]: w[2:] for w in lines if w[0] == "filter"}
        assert int(self.one["epoch"][0]) == int(epoch)

    def file(self, words, *path):
        data = read(*path)
        assert words == ["sha256:" + sha(data).hex(), str(len(data))], path
        return data


def mix(h):
    h ^= h >> 33
    h = h * 0xff51afd7ed558ccd & MASK
    h ^= h >> 33
    h = h * 0xc4ceb9fe1a85ec53 & MASK
    return h ^ h >> 33


class Filter:
    def __init__(self, data, shard):
        magic, self.bits, of, zero, self.n, self.seed, self.length, \
            self.segments = struct.unpack(">4sBBHQQII", data[:32])
        assert magic == b"OVF1" and of == shard and zero == 0
        self.prints = data[32:]
        assert len(self.prints) == \
            (self.segments + 2) * self.length * self.bits // 8

    def at(self, i):
        w = self.bits // 8
        return int.from_bytes(self.prints[w * i:w * i + w], "big")

    def has(self, digest):
        if self.n == 0:
            return False
        h = mix(int.from_bytes(digest[1:9], "big") + self.seed & MASK)
        a = (h >> 32) * (self.segments * self.length) >> 32
        b = a + self.length ^ (h >> 18) & (self.length - 1)
        c = a + 2 * self.length ^ h & (self.length - 1)
        return self.at(a) ^ self.at(b) ^ self.at(c) == \
            (h ^ h >> 32) & ((1 << self.bits) - 1)


def check_filters(statement, folder, said):
    for name, words in statement.filters.items():
        table = statement.file(words, folder, "f", name, "list")
        assert table[:4] == b"OVL1" and len(table) == 8 + 256 * 36
        shards = []
        for i in range(256):
            data = read(folder, "f", name, "%02x" % i)
            row = table[8 + 36 * i:44 + 36 * i]
            assert row == struct.pack(">I", len(data)) + sha(data), (name, i)
            shards.append(Filter(data, i))
        for digest, (reputation, _) in said.items():
            if (reputation == "good") == (name == "good16"):
                assert shards[digest[0]].has(digest), (name, digest.hex())
        wrong = sum(shards[d[0]].has(d) for d in strangers(20000))
        most = 20000 / 256 * 2 if name == "fuse8" else 20
        assert wrong <= most, (name, wrong)


def strangers(n):
    return (sha(b"stranger %d" % i) for i in range(n))


def cut(digest, first, n):
    number = int.from_bytes(digest, "big") >> 256 - first - n
    return number & ((1 << n) - 1)


class Buckets:
    def __init__(self, statement, folder):
        self.epoch = int(statement.one["epoch"][0])
        self.bits = int(statement.one["prefix-bits"][0])
        self.size = int(statement.one["bucket-size"][0])
        self.root = bytes.fromhex(statement.one["buckets-root"][0])
        self.stride = self.size + 32 * self.bits
        self.pack = read(folder, "buckets.pack")
        assert len(self.pack) == self.stride << self.bits
        self.known = {}

    def bucket(self, number):
        """Records of a bucket, after its proof held."""
        if number in self.known:
            return self.known[number]
        data = self.pack[number * self.stride:(number + 1) * self.stride]
        node = sha(b"\0" + data[:self.size])
        at = number
        for i in range(self.bits):
            other = data[self.size + 32 * i:self.size + 32 * i + 32]
            node = sha(b"\1" + (other + node if at & 1 else node + other))
            at >>= 1
        assert node == self.root, number
        magic, epoch, own, n, size = struct.unpack(">4sIIHH", data[:16])
        assert (magic, epoch, own, size) == (b"OVB1", self.epoch, number, 20)
        rows = [data[16 + 20 * i:36 + 20 * i] for i in range(n)]
        assert rows == sorted(rows)
        assert not any(data[16 + 20 * n:self.size])
        self.known[number] = {r[:16]: (r[16], int.from_bytes(r[17:], "big"))
                              for r in rows}
        return self.known[number]

    def find(self, digest):
        prefix = cut(digest, self.bits, 128).to_bytes(16, "big")
        return self.bucket(cut(digest, 0, self.bits)).get(prefix)


def check_snapshot(tree, epoch, truth):
    said = truth_of(truth)
    folder = os.path.join(tree, "v1/snap", str(epoch))
    statement = Statement(tree, epoch)
    for name in NAMES:
        assert statement.counts[name] == \
            sum(v[0] == name for v in said.values()), name
    check_filters(statement, folder, said)
    families = {0: ""}
    for line in statement.file(statement.one["families"], folder,
                               "families").decode().splitlines():
        families[int(line.split(" ")[0])] = line.split(" ")[1]
    buckets = Buckets(statement, folder)
    for digest, (reputation, family) in said.items():
        found = buckets.find(digest)
        assert found is not None, digest.hex()
        assert (NAMES[found[0]], families[found[1]]) == (reputation, family)
    for digest in strangers(1000):
        assert buckets.find(digest) is None
    assert sum(len(buckets.bucket(i)) for i in range(1 << buckets.bits)) == \
        len(said)
    hot = statement.file(statement.one["hot"], folder, "hot")
    magic, own, n, size = struct.unpack(">4sIII", hot[:16])
    assert (magic, own, size) == (b"OVH1", int(epoch), 24)
    rows = [hot[16 + 24 * i:40 + 24 * i] for i in range(n)]
    assert rows == sorted(rows) and len(hot) == 16 + 24 * n
    assert {r[:20] for r in rows} == \
        {d[:20] for d, v in said.items() if v[0] != "good"}


def records_of(buckets):
    """(160 bits or fewer of the hash, as far as the bucket has) -> verdict"""
    out = {}
    for number in range(1 << buckets.bits):
        for prefix, verdict in buckets.bucket(number).items():
            bits = number << 128 | int.from_bytes(prefix, "big")
            out[bits >> buckets.bits + 128 - 136] = verdict
    return out


def check_chain(tree, truth):
    """The first epoch and the deltas make what is true now."""
    statement = Statement(tree, 1)
    known = records_of(Buckets(statement, os.path.join(tree, "v1/snap/1")))
    before = bytes(32)
    seq = int(statement.one["delta-from"][0])
    while os.path.exists(os.path.join(tree, "v1/delta", str(seq))):
        data = read(tree, "v1/delta", seq)
        magic, own, _, previous, n, _ = struct.unpack(">4sQQ32sII", data[:60])
        assert (magic, own, previous) == (b"OVD1", seq, before)
        entry = read(tree, "v1/delta", "%d.entry" % seq).decode()
        assert "file sha256:%s %d\n" % (sha(data).hex(), len(data)) in entry
        rows = [data[60 + 25 * i:85 + 25 * i] for i in range(n)]
        assert [r[1:21] for r in rows] == sorted({r[1:21] for r in rows})
        for row in rows:
            key = int.from_bytes(row[1:21], "big") >> 160 - 136
            if row[0] == 4:
                known.pop(key)
                continue
            assert (row[0] == 1) == (key not in known) or row[0] == 3
            assert (row[0] == 3) == (row[21] == 4)
            known[key] = (row[21], int.from_bytes(row[22:], "big"))
        before = sha(data)
        seq += 1
    said = truth_of(truth)
    assert {k: NAMES[v[0]] for k, v in known.items()} == \
        {cut(d, 0, 136): v[0] for d, v in said.items()}


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), b""


def check_serve(url, tree):
    n = 0
    for root, _, files in os.walk(tree):
        for name in files:
            if "/f/" in root + "/" and name not in ("00", "ff", "list"):
                continue
            path = os.path.relpath(os.path.join(root, name), tree)
            code, _, body = fetch("%s/%s" % (url, path))
            assert (code, body) == (200, read(tree, path)), path
            n += 1
    pack = "v1/snap/1/buckets.pack"
    data = read(tree, pack)
    for first, last in ((0, 99), (5000, 8999), (len(data) - 9, len(data) - 1),
                        (7, len(data) + 5), (100, 199999)):
        code, headers, body = fetch("%s/%s" % (url, pack),
                                    Range="bytes=%d-%d" % (first, last))
        assert code == 206 and body == data[first:last + 1], (first, code)
        assert headers["Content-Range"] == "bytes %d-%d/%d" % (
            first, min(last, len(data) - 1), len(data))
    assert fetch("%s/%s" % (url, pack),
                 Range="bytes=%d-" % len(data))[0] == 416
    code, _, body = fetch("%s/%s" % (url, pack), Range="bytes=-10")
    assert (code, body) == (206, data[-10:])
    for wrong in ("v1/none", "v1/", "", "v1/snap/../head/x", "cloud.conf"):
        assert fetch("%s/%s" % (url, wrong))[0] in (403, 404, 400), wrong
    assert n > 15


def make_truth(n):
    for i in range(n):
        name = NAMES[(0, 1, 1, 2, 3, 5, 0, 1)[i % 8]]
        family = " Family.%d" % (i * 7 % 11) if i % 3 and name != "good" else ""
        print("%s %s%s" % (sha(b"%d" % i).hex(), name, family))


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "truth":
        make_truth(int(rest[0]))
    else:
        {"snapshot": check_snapshot, "chain": check_chain,
         "serve": check_serve}[what](*rest)


main()
