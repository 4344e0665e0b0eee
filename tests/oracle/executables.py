#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what we read from executables with clamscan and sigtool.

usage: executables.py FACTS_PROBE CORPUS

Files are those of this machine (ELF, and PE where Wine or ClamAV's test files
are installed), the fuzz corpora in CORPUS, and copies of some with bytes of
their headers changed. For each, sigtool tells the hashes of sections and
imports; and a database of body patterns is made, each anchored where we say
that the entry point, a section or a string of the version information is, and
again one byte further: clamscan must find the first and not the second.

Exits 0 if all agree, 1 if not, 77 without clamscan or sigtool.
"""
import collections
import glob
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile

from clamav_version import has_clamav

MOST_BYTES = 256 << 10
PATTERN = 8
TARGETS = {"pe": 1, "elf": 6, "macho": 9}
EMPTY = "d41d8cd98f00b204e9800998ecf8427e"


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode("utf-8", "replace")


def some(rng, pattern, n):
    paths = sorted(p for p in glob.glob(pattern)
                   if os.path.isfile(p) and os.path.getsize(p) < MOST_BYTES)
    return rng.sample(paths, min(n, len(paths)))


def changed(rng, data):
    """A copy with a few bytes of its first 2 KiB changed."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(4, min(len(data), 1024))
        data[at] = rng.choice((0, 1, 0x10, 0x80, 0xff, rng.randrange(256)))
    return bytes(data)


def make_samples(rng, corpus, folder):
    paths = some(rng, "/usr/lib/*/wine/*-windows/*", 12)
    paths += some(rng, "/usr/share/clamav-testfiles/*.exe", 12)
    paths += some(rng, "/usr/bin/*", 8)
    paths += some(rng, "/usr/lib/*/*.o", 2)
    for kind in ("pe", "elf", "macho"):
        paths += some(rng, os.path.join(corpus, kind, "*"), 100)
    for i, path in enumerate(paths):
        with open(path, "rb") as f:
            data = f.read()
        with open(os.path.join(folder, "s%d" % i), "wb") as f:
            f.write(data)
        for j in range(3 if len(data) < 65536 else 1):
            with open(os.path.join(folder, "s%d_%d" % (i, j)), "wb") as f:
                f.write(changed(rng, data))


def compare_hashes(fact, data):
    """Section hashes of one PE beside sigtool's, and of whole ones that of
    imports (sigtool believes a damaged size of the table, we do not)."""
    text = run("sigtool", "--mdb", fact["path"])
    theirs = sorted(re.findall(r"Section\{\d+\}: (\d+:\w+)", text))
    ours = sorted("%d:%s" % (n, hashlib.md5(data[at:at + n]).hexdigest())
                  for at, n in fact["sections"] if n)
    failed = 0
    if theirs and ours != theirs:
        failed += 1
        print("%s: sections %s, sigtool says %s"
              % (fact["path"], ours, theirs))
    if "_" in os.path.basename(fact["path"]):
        return failed
    match = re.search(r"Imphash: (\w+):(\d+)", run("sigtool", "--imp",
                                                   fact["path"]))
    if match and match.group(1) != EMPTY and "imphash" in fact:
        ours = (fact["imphash"], fact["imports_size"])
        if ours != (match.group(1), int(match.group(2))):
            failed += 1
            print("%s: imports %s, sigtool says %s"
                  % (fact["path"], ours, match.group(0)))
    return failed


def places(fact):
    """(offset in ClamAV's words, where we think it is)"""
    if "entry" in fact:
        yield "EP+0", "EP+1", fact["entry"]
    for i, (at, _) in enumerate(fact["sections"]):
        yield "S%d+0" % i, "S%d+1" % i, at
    if fact["sections"]:
        yield "SL+0", "SL+1", fact["sections"][-1][0]
    for at, _ in fact["version_info"]:
        yield "VI", None, at


class Database:
    def __init__(self):
        self.lines = []
        self.wanted = collections.defaultdict(set)
        self.unwanted = collections.defaultdict(set)

    def add(self, where, target, place, pattern, expect):
        name = "R%d" % len(self.lines)
        self.lines.append("%s:%d:%s:%s\n" % (name, target, place,
                                             pattern.hex()))
        expect[where].add(name)

    def add_file(self, fact, data):
        target = TARGETS[fact["type"]]
        name = os.path.basename(fact["path"])
        for place, off, at in places(fact):
            pattern = data[at:at + PATTERN]
            if len(pattern) < PATTERN:
                continue
            self.add(name, target, place, pattern, self.wanted)
            # Zeros are also where an unpacked copy has them.
            if off and any(pattern) and \
                    data[at + 1:at + 1 + PATTERN] != pattern:
                self.add(name, target, off, pattern, self.unwanted)

    def compare(self, folder, path):
        with open(path, "w", encoding="ascii") as f:
            f.writelines(self.lines)
        found = collections.defaultdict(set)
        for line in run("clamscan", "-z", "--no-summary", "-d", path,
                        folder).splitlines():
            m = re.match(r".*/([^/]*): (R\d+)\.UNOFFICIAL FOUND$", line)
            if m:
                found[m.group(1)].add(m.group(2))
        failed = 0
        for expect, word in ((self.wanted, "not found"),
                             (self.unwanted, "found")):
            for name, rules in sorted(expect.items()):
                wrong = rules & found[name]
                if expect is self.wanted:
                    wrong = rules - found[name]
                for rule in sorted(wrong):
                    failed += 1
                    print("%s: %s: %s" % (name, word,
                                          self.lines[int(rule[1:])].strip()))
        return failed


def compare(probe, corpus, folder):
    samples = os.path.join(folder, "samples")
    os.mkdir(samples)
    make_samples(random.Random(7), corpus, samples)
    paths = sorted(glob.glob(os.path.join(samples, "*")))
    ours = subprocess.run([probe] + paths, stdout=subprocess.PIPE, check=True)
    database = Database()
    failed = n_layouts = 0
    for line in ours.stdout.decode().splitlines():
        fact = json.loads(line)
        if fact["type"] not in TARGETS:
            continue
        with open(fact["path"], "rb") as f:
            data = f.read()
        n_layouts += "entry" in fact
        if fact["type"] == "pe":
            failed += compare_hashes(fact, data)
        database.add_file(fact, data)
    failed += database.compare(samples, os.path.join(folder, "places.ndb"))
    print("%d files, %d with a layout, %d places, %d differences"
          % (len(paths), n_layouts, len(database.lines), failed))
    return 1 if failed else 0


def main():
    if not has_clamav("clamscan", "sigtool"):
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return compare(sys.argv[1], sys.argv[2], folder)


if __name__ == "__main__":
    sys.exit(main())
