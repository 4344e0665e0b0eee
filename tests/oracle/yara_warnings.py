#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what "overt yarac" warns about with what yarac does.

usage: yara_warnings.py OVERT [--seed N] [--rounds N]

OVERT is the command. Each round writes a few hundred rules of one random string
each, most of them with short atoms, and compares the lines of both line by
line. Known to differ, and left out: classes of one byte ("[x]"), which yarac
takes for unknown, "(.)+", which it does not take for ".+", the jump [1-1],
which it does not take for [1], and wide expressions of bytes that fill files.

Exits 0 if all agree, 1 if not, 77 if yarac is not installed.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

BYTES = ["00", "20", "CC", "FF", "90", "61", "62", "41", "31", "32", "81"]
HALVES = ["?1", "3?", "0?", "?0"]
LETTERS = ["a", "b", "1", "2", " ", "\\x00", "\\xff", "\\x90", "Z"]
MODIFIERS = ["", "", "", " wide", " wide ascii", " nocase", " fullword", " xor",
             " xor wide", " xor(1-5)", " xor wide ascii", " xor(32-32)",
             " base64", " base64wide", " base64 base64wide"]
KNOWN_FIXED = [
    '"ab"', '"a "', "{ 61 ?? 62 }", "{ 31 ?? 32 8? }", "{ 90 90 }",
    "/abc|d/", "/1{2,3}2/", "/1+2/", "/12(.*|a)/", "/(12.*)3/", "/12.{2,}/",
    "{ 31 32 [0-201] 33 }", "{ 31 32 [0-200] 33 }", '"  " wide',
]


class Strings:
    def __init__(self, rng):
        self.rng = rng

    def some(self, make, least, most, sep=""):
        n = self.rng.randint(least, most)
        return sep.join(make() for _ in range(n))

    def text(self):
        rng = self.rng
        modifier = rng.choice(MODIFIERS)
        least = 3 if "base64" in modifier else 1
        return '"%s"%s' % (
            self.some(lambda: rng.choice(LETTERS), least, 6), modifier)

    def hex_byte(self):
        roll = self.rng.random()
        if roll < 0.65:
            return self.rng.choice(BYTES)
        return "??" if roll < 0.85 else self.rng.choice(HALVES)

    def hex_middle(self):
        rng = self.rng
        roll = rng.random()
        if roll < 0.15:
            low = rng.choice([0, 1, 2, 5, 150])
            high = low + rng.choice([0, 0, 1, 3, 60])
            return "[%d-%d]" % (low, high) if low < high else "[%d]" % (low + 1)
        if roll < 0.2:
            return rng.choice(["[-]", "[4-]", "[10-300]"])
        if roll < 0.35:
            parts = [self.some(lambda: rng.choice(BYTES), 1, 3, " ")
                     for _ in range(rng.randint(2, 3))]
            return "( %s )" % " | ".join(parts)
        return self.hex_byte()

    def hexadecimal(self):
        ends = [self.rng.choice(BYTES) for _ in range(2)]
        middle = self.some(self.hex_middle, 0, 5, " ")
        return "{ %s %s %s }" % (ends[0], middle, ends[1])

    def re_atom(self, depth):
        rng = self.rng
        roll = rng.random()
        if roll < 0.6:
            return rng.choice(LETTERS)
        if roll < 0.72:
            return "."
        if roll < 0.82:
            return rng.choice(["[ab]", "[^a]", "\\d", "\\w", "[0-9a-f]"])
        if roll < 0.94 and depth < 2:
            parts = [self.re_row(depth + 1)
                     for _ in range(rng.choice([1, 2, 2, 3]))]
            return "(%s)" % "|".join(parts) if parts != ["."] else "x"
        return rng.choice(["\\.", "\\/", "-"])

    def re_row(self, depth):
        rng = self.rng
        row = ""
        for _ in range(rng.randint(1, 4)):
            row += self.re_atom(depth)
            if rng.random() < 0.3:
                row += rng.choice(["*", "+", "?", "{2}", "{1,3}", "{0,2}",
                                   "{2,}"])
        return row

    def regex(self):
        body = "|".join(self.re_row(0)
                        for _ in range(self.rng.choice([1, 1, 1, 2])))
        wide = self.rng.choice(["", "", " wide"])
        if any(c in body for c in (" ", "\\x00", "\\xff")):
            wide = ""
        return "/%s/%s%s" % (body, self.rng.choice(["", "", "i", "s"]), wide)

    def one(self):
        return self.rng.choice([self.text, self.hexadecimal, self.regex])()


def lines_of(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, check=False)
    return done.stderr.decode("latin-1").splitlines()


def write(folder, strings):
    with open(os.path.join(folder, "w.yar"), "w", encoding="ascii") as f:
        for i, string in enumerate(strings):
            f.write("rule r%d {\n strings:\n  $a = %s\n condition:\n  $a\n}\n"
                    % (i, string))


def refused(lines):
    """The numbers of rules that have an error."""
    return {int(l.split('"')[1][1:]) for l in lines if l.startswith("error: rule")}


def comparable(lines, strings):
    """Without what is known to differ: ".*" in a group that is counted."""
    return [l for l in lines
            if not (" contains .*" in l and
                    "){" in strings[int(l.split('"')[1][1:])])]


def compare(overt, folder, strings):
    """Lists of lines that only one of both has; strings that yarac refuses are
    left out first."""
    while True:
        write(folder, strings)
        theirs = lines_of(["yarac", "w.yar", "their.out"], folder)
        bad = refused(theirs)
        if not bad:
            break
        strings = [s for i, s in enumerate(strings) if i not in bad]
    ours = lines_of([overt, "yarac", "w.yar", "our.out"], folder)
    return strings, comparable(theirs, strings), comparable(ours, strings)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("overt")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    if shutil.which("yarac") is None:
        print("no yarac here")
        return 77
    seed = args.seed if args.seed is not None else random.randrange(1 << 32)
    print("seed %d" % seed)
    folder = tempfile.mkdtemp()
    n = n_warnings = 0
    for i in range(args.rounds):
        rng = random.Random(seed + i)
        make = Strings(rng)
        strings = KNOWN_FIXED + [make.one() for _ in range(400)]
        strings, theirs, ours = compare(args.overt, folder, strings)
        n += len(strings)
        n_warnings += len(theirs)
        if theirs != ours:
            for line in sorted(set(theirs) ^ set(ours)):
                number = line.split('"')[1][1:] if '"' in line else ""
                print("only %s: %s" % ("yarac" if line in theirs else "ours",
                                       line))
                if number.isdigit():
                    print("   %s" % strings[int(number)])
            print("seed %d: they differ" % (seed + i))
            return 1
    shutil.rmtree(folder)
    if n_warnings == 0:
        print("nothing was warned about")
        return 1
    print("%d strings, %d warnings: the same" % (n, n_warnings))
    return 0


sys.exit(main())
