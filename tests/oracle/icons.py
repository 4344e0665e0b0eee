#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what we make of icons in executables with clamscan.

usage: icons.py FACTS_PROBE OVERT [--seed N] [--files N]

PE files with icons of all sizes and depths are generated, some with damaged
bitmaps, groups or directories. clamscan --debug prints what each icon looks
like (its "IDB SIGNATURE"): that must be ours, digit by digit. Then databases of
icon signatures are made from some of those, changed a little or much, each
with a logical rule that asks for its groups: both programs must find the same,
of matches and near misses.

Exits 0 if all agree, 1 if not, 77 without clamscan.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import pe_with_icons as pe
from clamav_version import has_clamav

WIDTHS = [3, 2, 2] * 6 + [2] * 40
COLOR_MAX = 4072
SIZES = [16, 24, 32, 48, 64, 72, 96, 128, 20, 17, 28, 31, 33, 40, 50, 100]


def sizes(rng):
    width = rng.choice(SIZES)
    if rng.random() < 0.7:
        return width, width
    return width, max(16, width * rng.choice((7, 8, 9, 11, 12, 13)) // 10)


def some_bitmap(rng):
    width, height = sizes(rng)
    data = pe.bitmap(rng, width, height, rng.choice((1, 4, 8, 16, 24, 32, 32)),
                     pe.picture(rng, width, height),
                     header=rng.choice((40, 40, 40, 124)),
                     mask=rng.random() < 0.9)
    if rng.random() < 0.1:
        data = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data) if rng.random() < 0.5 else 40)] = \
                rng.randrange(256)
    return bytes(data)


def some_file(rng):
    groups = [[some_bitmap(rng) for _ in range(rng.randint(1, 3))]
              for _ in range(rng.choice((1, 1, 1, 2)))]
    data = pe.with_icons(groups, has_64=rng.random() < 0.3)
    if rng.random() < 0.2:  # somewhere in headers, directories or groups
        data = bytearray(data)
        for _ in range(rng.randint(1, 2)):
            data[rng.randrange(512, 800)] = rng.choice((0, 1, 3, 0x80, 255))
    return bytes(data)


def many(rng, n):
    """A file with n entries of one group, which may all be the same picture."""
    bitmaps = [pe.bitmap(rng, 16, 16, 24, pe.picture(rng, 16, 16))
               for _ in range(3)]
    icons = [(i + 1, [(1033, b)]) for i, b in enumerate(bitmaps)]
    ids = [rng.randint(1, 2) for _ in range(n)] + [3]
    return pe.executable(pe.resources({
        3: icons, 14: [(1, [(0, pe.group(ids)), (1033, pe.group([3]))]),
                       (2, [(0, pe.group([3]))])]}))


def compare_hashes(probe, paths):
    done = subprocess.run([probe] + paths, stdout=subprocess.PIPE, check=False)
    ours = {}
    for line in done.stdout.decode().splitlines():
        fact = json.loads(line)
        ours[fact["path"]] = fact.get("icons", [])
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        write(folder, "any.idb", "any:one:two:20" + "0" * 122 + "\n")
        write(folder, "any.ldb", "Any;Engine:51-255,Target:1,IconGroup1:none;"
                                 "0;4d5a\n")
        for path in paths:
            done = subprocess.run(["clamscan", "--debug", "-d", folder, path],
                                  stderr=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, check=False)
            theirs = re.findall(rb"GROUP1:GROUP2:(\w+)", done.stderr)
            theirs = [t.decode() for t in theirs]
            if theirs != ours[path]:
                failed += 1
                print("%s: icons\n  %s\n  clamscan:\n  %s" % (
                    os.path.basename(path), "\n  ".join(ours[path]),
                    "\n  ".join(theirs)))
    return failed, ours


def fields(text):
    out = []
    at = 2
    for width in WIDTHS:
        out.append(int(text[at:at + width], 16))
        at += width
    return out


def most(side, i):
    """The highest value of field i that clamscan takes."""
    if i >= 54:
        return 34 if i < 57 else 100
    if i % 3:
        return side - side // 8
    return COLOR_MAX if i < 18 else 255


def changed(rng, text, strength):
    """A hash that clamscan takes, more or less like the one in text."""
    side = int(text[:2], 16)
    side = {2: 16, 3: 24, 4: 32}[side // 8]
    values = fields(text) if len(text) == 124 else [0] * len(WIDTHS)
    for i, v in enumerate(values):
        limit = most(side, i)
        if rng.random() < strength:
            reach = 6 if i % 3 or i >= 54 else limit // 5
            v += rng.randint(-reach, reach)
        values[i] = max(0, min(limit, v))
    return "%02x" % side + "".join(
        format(v, "0%dx" % w) for v, w in zip(values, WIDTHS))


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as f:
        f.write(text)


def scan(command, database, folder):
    done = subprocess.run(command + ["-z", "--no-summary", "-d", database,
                                     "-r", folder],
                          stdout=subprocess.PIPE, check=False)
    return set(re.findall(r"([^/\n]*: \S+ FOUND)", done.stdout.decode()))


def compare_verdicts(rng, overt, folder, hashes):
    """Rules for icons like those that are there; what both find."""
    icons = [h for hs in hashes.values() for h in hs]
    with tempfile.TemporaryDirectory() as database:
        known = []
        rules = []
        for i, text in enumerate(rng.sample(icons, min(60, len(icons)))):
            for k in range(4):
                name = "I%d_%d" % (i, k)
                known.append("%s:%s:%s:%s\n" % (
                    name, name, "even" if i % 2 == 0 else "odd",
                    changed(rng, text, (0, 0.3, 0.7, 1)[k])))
                rules.append("%s;Engine:51-255,Target:1,%s;0;4d5a\n" % (
                    name, "IconGroup1:" + name if k % 2 == 0 else
                    "IconGroup1:%s,IconGroup2:odd" % name))
        rules.append("Even;Engine:51-255,Target:1,IconGroup2:even;0;4d5a\n")
        rules.append("Star;Engine:51-255,Target:1,IconGroup1:*;0;4d5a\n")
        rules.append("Both;Engine:51-255,Target:1,IconGroup1:I1_0;0&1;4d5a;"
                     "50450000\n")
        rules.append("Other;Engine:51-255,Target:1,IconGroup1:absent;0;4d5a\n")
        write(database, "a.idb", "".join(known))
        write(database, "a.ldb", "".join(rules))
        theirs = scan(["clamscan"], database, folder)
        ours = scan([overt, "clamscan"], database, folder)
    for line in sorted(theirs - ours):
        print("only clamscan: " + line)
    for line in sorted(ours - theirs):
        print("only overt:    " + line)
    return len(theirs ^ ours), len(theirs)


def compare(options, folder):
    rng = random.Random(options.seed)
    for i in range(options.files):
        data = many(rng, rng.choice((5, 98, 99, 100, 130))) if i % 20 == 7 \
            else some_file(rng)
        with open(os.path.join(folder, "f%d" % i), "wb") as f:
            f.write(data)
    paths = [os.path.join(folder, "f%d" % i) for i in range(options.files)]
    wrong, hashes = compare_hashes(options.probe, paths)
    differ, found = compare_verdicts(rng, options.overt, folder, hashes)
    n = sum(len(h) for h in hashes.values())
    print("%d files, %d icons, %d files differ; %d matches, %d differ (seed %d)"
          % (len(paths), n, wrong, found, differ, options.seed))
    if n < len(paths) / 2 or found < 50:
        print("too few of them to say anything")
        return 1
    return 1 if wrong or differ else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("probe")
    parser.add_argument("overt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=60)
    options = parser.parse_args()
    if not has_clamav("clamscan"):
        return 77
    with tempfile.TemporaryDirectory() as folder:
        return compare(options, folder)


if __name__ == "__main__":
    sys.exit(main())
