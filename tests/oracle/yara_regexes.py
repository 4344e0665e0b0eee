#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the matches of random regular expressions with yara's.

usage: yara_regexes.py OVERT [--seed N] [--rounds N] [--rules N] [--verbose]

Each round writes a source of random expressions with random modifiers, one
rule a line, and some files in which much of it matches. What yara refuses
must be refused here, and the other way round. Every match must begin where
yara's begins. Where it does not, Python's re says who is right: yara 4.2.3
misses matches of expressions that begin with an optional part or are both
wide and ascii, and finds parts of some that match nothing at all. A length may
differ where an expression can match in several ways from one place, for yara's
answer then hangs on which atom it took (docs/limits.md). All these are counted,
and must be few.

Exits 0 if all agree, 1 if not, 77 if yara is not installed.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

LETTERS = "abcdAB1_ "


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.lazy = ""

    def literal(self):
        c = self.rng.choice(LETTERS)
        if self.rng.random() < 0.05:
            return "\\x%02x" % ord(c)
        return c

    def char_class(self):
        parts = ""
        for _ in range(self.rng.randint(1, 3)):
            kind = self.rng.random()
            if kind < 0.5:
                parts += self.rng.choice(LETTERS)
            elif kind < 0.8:
                parts += self.rng.choice(["a-c", "A-B", "0-9", "b-d", "a-z"])
            else:
                parts += self.rng.choice(["\\w", "\\s", "\\d", "\\W", "\\x00",
                                          "\\n", "\\S", "\\D"])
        negated = "^" if self.rng.random() < 0.3 else ""
        return "[" + negated + parts + "]"

    def single(self):
        kind = self.rng.random()
        if kind < 0.65:
            return self.literal()
        if kind < 0.78:
            return self.char_class()
        if kind < 0.86:
            return "."
        return self.rng.choice(["\\w", "\\s", "\\d", "\\W", "\\S", "\\D"])

    def repeat(self):
        a = self.rng.randint(0, 3)
        b = a + self.rng.randint(0, 3)
        form = self.rng.choice(["*", "+", "?", "?", "{%d,}" % a,
                                "{%d,%d}" % (a, max(b, 1)),
                                "{,%d}" % max(b, 1), "{%d}" % max(a, 1)])
        if self.rng.random() < 0.01:
            return form
        return form + self.lazy

    def operand(self, depth):
        if depth > 0 and self.rng.random() < 0.2:
            return "(" + self.alternatives(depth - 1) + ")"
        return self.single()

    def row(self, depth):
        out = ""
        for _ in range(self.rng.randint(1, 5)):
            if self.rng.random() < 0.06:
                out += self.rng.choice(["\\b", "\\B", "^", "$"])
            if self.rng.random() < 0.35:
                out += "".join(self.literal() for _ in
                               range(self.rng.randint(2, 5)))
            out += self.operand(depth)
            if self.rng.random() < 0.3:
                out += self.repeat()
        return out

    def alternatives(self, depth):
        n = 1 if self.rng.random() < 0.6 else self.rng.randint(2, 3)
        return "|".join(self.row(depth) for _ in range(n))

    def expression(self):
        self.lazy = "?" if self.rng.random() < 0.3 else ""
        text = self.alternatives(2)
        if self.rng.random() < 0.02:
            at = self.rng.randint(0, len(text))
            text = text[:at] + self.rng.choice("()[]{}*+?|^$\\-") + text[at:]
        return text

    def string(self):
        flags = self.rng.choice(["", "", "i", "s", "is"])
        modifiers = [m for m in ("nocase", "fullword", "private")
                     if self.rng.random() < 0.12 and m != "private"]
        if self.rng.random() < 0.3:
            modifiers += ["wide"] + ["ascii"] * self.rng.randint(0, 1)
        return "/%s/%s %s" % (self.expression(), flags, " ".join(modifiers))

    def data(self):
        out = b""
        for _ in range(self.rng.randint(1, 40)):
            part = "".join(self.rng.choice(LETTERS + "\n\0") for _ in
                           range(self.rng.randint(1, 8))).encode()
            part *= self.rng.choice([1, 1, 1, 2, 3])
            if self.rng.random() < 0.3:
                part = b"".join(bytes([c, 0]) for c in part)
            out += part
        return out


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)


def refused_lines(stderr):
    return {int(a or b) for a, b in
            re.findall(rb"error: [^\n]*?\((\d+)\)|^overt: [^\n:]*:(\d+): ",
                       stderr, re.M)}


def matches_of(stdout):
    """{(rule, offset): length}"""
    found = {}
    rule = None
    for line in stdout.split(b"\n"):
        m = re.match(rb"0x([0-9a-f]+):(\d+):\$", line)
        if m:
            found[rule, int(m.group(1), 16)] = int(m.group(2))
        else:
            m = re.match(rb"r(\d+) /", line)
            if m:
                rule = int(m.group(1))
    return found


class Arbiter:
    """What Python's re says of one string of a rule."""

    def __init__(self, string):
        body, tail = string[1:].rsplit("/", 1)
        flags, _, modifiers = tail.partition(" ")
        self.modifiers = modifiers.split()
        flags = (re.I if "i" in flags or "nocase" in modifiers else 0) | \
            (re.S if "s" in flags else 0)
        body = re.sub(r"(?<!\\)\$", r"\\Z", body)
        self.plain = re.compile(body.encode("latin-1"), flags)

    def has_match(self, data, at):
        """Whether something, not nothing, matches at this place."""
        forms = []
        if "wide" not in self.modifiers or "ascii" in self.modifiers:
            forms.append((data, at, 1))
        if "wide" in self.modifiers:
            first = at
            while first >= 2 and data[first - 1] == 0:
                first -= 2
            end = at
            while end + 1 < len(data) and data[end + 1] == 0:
                end += 2
            tail = b"" if end == len(data) else b"\n"
            forms.append((b"\n" * (first > 1) + data[first:end:2] + tail,
                          (first > 1) + (at - first) // 2, 2))
        for text, start, _ in forms:
            m = self.plain.match(text, start)
            if m and m.end() > start:
                return True
        return False

    def takes_nothing(self):
        return self.plain.search(b"") is not None or \
            self.plain.match(b"\x01\x02") is not None


class Round:
    def __init__(self, overt, folder, strings, verbose):
        self.overt = overt
        self.folder = folder
        self.strings = strings
        self.verbose = verbose
        self.n_matches = 0
        self.n_lengths = 0
        self.n_quirks = 0
        self.failed = False

    def write(self, numbers, path):
        with open(path, "w", encoding="latin-1") as f:
            for n in numbers:
                f.write("rule r%d { strings: $a = %s condition: $a }\n"
                        % (n, self.strings[n]))

    def refused_by(self, command, numbers):
        """Each line that is refused, found by asking again without it."""
        path = os.path.join(self.folder, "rules.yar")
        left = list(numbers)
        refused = set()
        empty = os.path.join(self.folder, "empty")
        open(empty, "wb").close()
        while left:
            self.write(left, path)
            result = run(command + ["-w", path, empty])
            lines = refused_lines(result.stderr)
            if not lines:
                break
            bad = {left[line - 1] for line in lines if line <= len(left)}
            refused |= bad
            left = [n for n in left if n not in bad]
        return refused

    def check(self, blobs):
        numbers = range(len(self.strings))
        ours = self.refused_by([self.overt, "yara"], numbers)
        theirs = self.refused_by(["yara"], numbers)
        for n in sorted(ours ^ theirs):
            self.failed = True
            print("refused by %s only: %s"
                  % ("us" if n in ours else "yara", self.strings[n]))
        path = os.path.join(self.folder, "rules.yar")
        self.write([n for n in numbers if n not in ours | theirs], path)
        for i, blob in enumerate(blobs):
            name = os.path.join(self.folder, "d%d" % i)
            with open(name, "wb") as f:
                f.write(blob)
            self.compare(name, path)

    def compare(self, name, path):
        theirs = matches_of(run(["yara", "-w", "-s", "-L", path, name]).stdout)
        result = run([self.overt, "yara", "-w", "-s", "-L", path, name])
        ours = matches_of(result.stdout)
        self.n_matches += len(theirs)
        with open(name, "rb") as f:
            data = f.read()
        for key in sorted(set(ours) ^ set(theirs)):
            arbiter = Arbiter(self.strings[key[0]])
            if key in ours and arbiter.has_match(data, key[1]) or \
                    key in theirs and arbiter.takes_nothing():
                self.n_quirks += 1
                if self.verbose:
                    print("yara's fault: %s at %d of %s" %
                          (self.strings[key[0]], key[1], name))
                continue
            self.failed = True
            print("%s %s at %d of %s: %s" %
                  (self.folder, "only ours" if key in ours else "only yara's",
                   key[1], name, self.strings[key[0]]))
        for key in sorted(set(ours) & set(theirs)):
            if ours[key] != theirs[key]:
                self.n_lengths += 1
                if self.verbose:
                    print("%s at %d: length %d, yara's %d: %s" %
                          (name, key[1], ours[key], theirs[key],
                           self.strings[key[0]]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("overt")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rules", type=int, default=400)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if shutil.which("yara") is None:
        print("yara is not installed")
        return 77
    failed = False
    n_matches = 0
    n_lengths = 0
    n_quirks = 0
    for n in range(args.rounds):
        seed = args.seed + n
        rng = random.Random(seed)
        folder = tempfile.mkdtemp(prefix="yara_regexes.")
        g = Generator(rng)
        r = Round(args.overt, folder, [g.string() for _ in range(args.rules)],
                  args.verbose)
        r.check([g.data() for _ in range(4)])
        n_matches += r.n_matches
        n_lengths += r.n_lengths
        n_quirks += r.n_quirks
        if r.failed:
            print("seed %d" % seed)
        failed |= r.failed
        if not (args.keep and r.failed):
            shutil.rmtree(folder)
    print("%d matches compared, %d lengths differ, %d faults of yara's" %
          (n_matches, n_lengths, n_quirks))
    return 1 if failed or (n_lengths + n_quirks) * 20 > n_matches else 0


if __name__ == "__main__":
    sys.exit(main())
