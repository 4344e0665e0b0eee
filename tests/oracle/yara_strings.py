#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the matches of strings with yara's: places and lengths.

usage: yara_strings.py PROBE [--seed N] [--rounds N] [--legal N] [--keep DIR]

PROBE is rules_probe of the build. Each round writes rules of one random string
each (texts with all modifiers, hexadecimal strings of all forms that yara 4.2
has) and files in which they occur, nearly occur and overlap, and compares what
"yara -s -L" lists. Then strings that need not be right are given to both one by
one: what one takes the other has to take. A difference is shrunk to one string
and one short file and printed.

Exits 0 if all agree, 1 if not, 77 if yara is not installed.
"""
import argparse
import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile

LETTERS = b"abAB \x00\x01zZ"
ALPHABET = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            "0123456789+/")
OTHER = ALPHABET[26:52] + ALPHABET[:26] + ALPHABET[52:62] + "!#"


def widen(data):
    return bytes(b for c in data for b in (c, 0))


class Strings:
    """Random strings, and bytes that they match or nearly match."""

    def __init__(self, rng):
        self.rng = rng

    def pick(self, *choices):
        return self.rng.choice(choices)

    def some(self, n):
        return bytes(self.rng.choice(LETTERS) for _ in range(n))

    def quoted(self, data):
        return '"%s"' % "".join(
            chr(c) if chr(c).isalnum() else "\\x%02x" % c for c in data)

    def modified(self, data):
        """Modifiers, and what the text then looks like."""
        kind = self.rng.random()
        modifiers, form = [], data
        if self.rng.random() < 0.4:
            modifiers.append("wide")
            form = widen(data)
            if self.rng.random() < 0.5:
                modifiers.append("ascii")
                form = self.pick(data, form)
        if kind < 0.3:
            low = self.rng.randrange(256)
            high = self.rng.randrange(low, 256)
            key = self.rng.randrange(low, high + 1)
            modifiers.append(self.pick("xor(%d-%d)" % (low, high),
                                       "xor(0x%02x)" % key, "xor"))
            form = bytes(c ^ key for c in form)
            if self.rng.random() < 0.3:
                modifiers.append("fullword")
        elif kind < 0.6:
            word = self.pick("base64", "base64wide", "base64 base64wide")
            before = self.some(self.rng.randrange(3))
            table = str.maketrans(ALPHABET, OTHER)
            text = base64.b64encode(before + form + self.some(2)).decode()
            if "base64 " not in word and self.rng.random() < 0.3:
                word += '("%s")' % OTHER
                text = text.translate(table)
            form = text.encode()
            if "wide" in word and self.rng.random() < 0.7:
                form = widen(form)
            modifiers.append(word)
        else:
            for word in ("nocase", "fullword"):
                if self.rng.random() < 0.4:
                    modifiers.append(word)
            if "nocase" in modifiers:
                form = form.swapcase()
        if self.rng.random() < 0.1:
            modifiers.append("ascii" if "ascii" not in modifiers else "wide")
        self.rng.shuffle(modifiers)
        return " ".join(dict.fromkeys(modifiers)), form

    def text(self):
        data = self.some(self.pick(1, 2, 2, 3, 4, 5, 7, 9, 14))
        modifiers, form = self.modified(data)
        return "%s %s" % (self.quoted(data), modifiers), form

    def masked(self, byte, plain=0.6):
        """A byte as written, and one that it matches."""
        kind = self.rng.random()
        word = "%02X" % byte
        if kind < plain:
            return word, byte
        if kind < plain + 0.15:
            return word[0] + "?", byte & 0xf0 | self.rng.randrange(16)
        if kind < plain + 0.3:
            return "?" + word[1], byte & 15 | self.rng.randrange(16) << 4
        return "??", self.rng.randrange(256)

    def row(self, n, plain=0.6):
        words, data = [], b""
        for _ in range(n):
            word, byte = self.masked(self.rng.choice(LETTERS), plain)
            words.append(word)
            data += bytes([byte])
        return " ".join(words), data

    def bracket(self, depth):
        """Alternatives none of which begins like another, or of one length:
        which of two lengths yara gives depends on its atoms."""
        n = self.pick(1, 2, 2, 3, 4)
        length = self.pick(0, 1, 2, 3)
        parts = []
        for i in range(n):
            if length:
                text, data = self.row(length, 0.7)
            else:
                first = b"\x80\x91\xa2\xb3"[i]
                text, data = self.row(self.pick(0, 1, 2, 4), 0.7)
                text, data = "%02X %s" % (first, text), bytes([first]) + data
                if depth < 3 and self.rng.random() < 0.3:
                    more, end = self.bracket(depth + 1)
                    text, data = text + " " + more, data + end
                elif self.rng.random() < 0.2:
                    size = self.rng.randrange(1, 5)
                    text = "%s [%d] 01" % (text, size)
                    data += self.some(size) + b"\x01"
            parts.append((text, data))
        return ("( %s )" % " | ".join(text for text, _ in parts),
                self.rng.choice(parts)[1])

    def jump(self):
        low = self.pick(0, 1, 2, 3, 30)
        high = low + self.pick(1, 2, 5, 40)
        word, size = self.pick(
            ("[%d-%d]" % (low, high), self.rng.randrange(low, high + 1)),
            ("[%d]" % (low + 1), low + 1),
            ("[%d-]" % low, low + self.rng.randrange(50)),
            ("[-]", self.rng.randrange(60)))
        if self.rng.random() < 0.2:
            word += " [%d]" % 2
            size += 2
        return word, self.some(size)

    def hex(self):
        plain = self.pick(0.3, 0.6, 0.9)
        pieces = [self.row(self.pick(1, 2, 3, 6), plain)]
        for _ in range(self.pick(0, 1, 1, 2, 3)):
            kind = self.rng.random()
            if kind < 0.4:
                pieces.append(self.bracket(0))
            elif kind < 0.8:
                pieces.append(self.jump())
            if kind >= 0.4 or self.rng.random() < 0.6:
                pieces.append(self.row(self.pick(1, 2, 4, 8), plain))
        if self.rng.random() < 0.2 and "[" not in pieces[0][0]:
            pieces.insert(0, self.bracket(0))
        comment = self.pick("", "", "", " /* [ ( */ ", " // } \n ")
        return ("{ %s }" % comment.join(text for text, _ in pieces),
                b"".join(data for _, data in pieces))

    def string(self):
        return self.text() if self.rng.random() < 0.5 else self.hex()

    def file(self, examples):
        """Examples, some of them damaged or joined, in few other bytes."""
        out = b""
        for _ in range(self.rng.randrange(40)):
            data = bytearray(self.rng.choice(examples))
            if data and self.rng.random() < 0.3:
                data[self.rng.randrange(len(data))] ^= self.pick(1, 0x20, 255)
            if self.rng.random() < 0.2:
                del data[self.rng.randrange(len(data) + 1):]
            out += bytes(data) + self.some(self.pick(0, 0, 1, 2, 9, 70))
        return out

    # ---- strings that need not be right ----

    def loose(self):
        if self.rng.random() < 0.5:
            words = [self.pick("ascii", "wide", "nocase", "fullword",
                               "private", "xor", "xor(3-7)", "xor(9-2)",
                               "xor(1-256)", "xor(255)", "base64",
                               "base64wide", 'base64("%s")' % OTHER,
                               'base64wide("%s")' % OTHER, 'base64("ab")')
                     for _ in range(self.pick(1, 2, 2, 3))]
            return '"abcdef" %s' % " ".join(words)
        return "{ %s }" % " ".join(
            self.pick("41", "4?", "?1", "??", "(", ")", "|", "[1]", "[0-3]",
                      "[0]", "[2-]", "[-]", "[300]", "[4-2]", "[0-300]", "4",
                      "41 42", "41 42", "( 41 | 42 )", "// a\n", "/* */")
            for _ in range(self.rng.randrange(1, 8)))


def rule(name, string):
    return "rule %s { strings: $a = %s condition: $a }\n" % (name, string)


class Oracle:
    def __init__(self, probe, folder):
        self.probe = probe
        self.rules = os.path.join(folder, "rules.yar")
        self.folder = folder

    def run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        return (done.returncode, done.stdout.decode("latin-1"),
                done.stderr.decode("latin-1"))

    def theirs(self, source, path):
        """What yara lists; None if it refuses. No length is above 512."""
        self.write(source)
        code, out, errors = self.run(["yara", "-w", "-s", "-L", self.rules,
                                      path])
        if code != 0 or "error" in errors:
            return None
        found, name = set(), ""
        for line in out.split("\n"):
            if line.startswith("0x"):
                at, length = line.split(":")[:2]
                found.add((name, int(at, 16), int(length)))
            elif line:
                name = line.split(" ")[0]
        return found

    def ours(self, source, path):
        self.write(source)
        code, out, errors = self.run([self.probe, "-s", self.rules, "--",
                                      path])
        if code != 0 or errors:
            return None
        found, name = set(), ""
        for line in out.split("\n"):
            if line[:1].isdigit():
                at, length = line.split(" ")[:2]
                found.add((name, int(at), min(int(length), 512)))
            elif line:
                name = line.split(" ")[0]
        return found

    def write(self, source):
        with open(self.rules, "w", encoding="latin-1") as file:
            file.write(source)

    def differ(self, string, data):
        path = os.path.join(self.folder, "one")
        with open(path, "wb") as file:
            file.write(data)
        text = rule("r", string)
        return self.ours(text, path) != self.theirs(text, path)


def shrink(oracle, string, data):
    """The shortest file that still differs, by cutting pieces out."""
    size = len(data) // 2
    while size > 0:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size:]
            if oracle.differ(string, less):
                data = less
            else:
                at += size
        size //= 2
    return data


def compare(oracle, strings, data):
    """Prints a string whose matches differ; True if there is none."""
    path = os.path.join(oracle.folder, "file")
    with open(path, "wb") as file:
        file.write(data)
    source = "".join(rule("r%d" % i, s) for i, s in enumerate(strings))
    ours = oracle.ours(source, path)
    theirs = oracle.theirs(source, path)
    if ours == theirs and ours is not None:
        return True, len(ours)
    if ours is None or theirs is None:
        for string in strings:
            a = oracle.ours(rule("r", string), path)
            b = oracle.theirs(rule("r", string), path)
            if a is None or b is None:
                print("%s refuses %s" % (
                    "both" if a is b else "yara" if b is None else "overt",
                    string))
                return False, 0
    name = min(ours ^ theirs)[0]
    string = strings[int(name[1:])]
    if not oracle.differ(string, data):
        print("%s differs only beside others" % string)
        return False, 0
    data = shrink(oracle, string, data)
    path = os.path.join(oracle.folder, "one")
    with open(path, "wb") as file:
        file.write(data)
    print("%s in %r\nyara:  %s\novert: %s" % (
        string, data, sorted(oracle.theirs(rule("r", string), path)),
        sorted(oracle.ours(rule("r", string), path))))
    return False, 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--legal", type=int, default=150)
    parser.add_argument("--keep")
    options = parser.parse_args()
    if not shutil.which("yara"):
        print("yara is not installed")
        return 77
    strings = Strings(random.Random(options.seed))
    n_matches = 0
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(options.probe, folder)
        for number in range(options.rounds):
            made = [strings.string() for _ in range(60)]
            for _ in range(4):
                same, n = compare(oracle, [s for s, _ in made],
                                  strings.file([data for _, data in made]))
                n_matches += n
                if not same:
                    print("seed %d, round %d" % (options.seed, number))
                    if options.keep:
                        shutil.copytree(folder, options.keep,
                                        dirs_exist_ok=True)
                    return 1
        empty = os.path.join(folder, "empty")
        with open(empty, "wb"):
            pass
        for _ in range(options.legal):
            string = strings.loose()
            ours = oracle.ours(rule("r", string), empty)
            theirs = oracle.theirs(rule("r", string), empty)
            if (ours is None) != (theirs is None):
                print("%s takes %s" % ("yara" if ours is None else "overt",
                                       string))
                return 1
    print("ok: %d rounds, %d matches, seed %d" % (options.rounds, n_matches,
                                                  options.seed))
    return 0 if n_matches > 0 or options.rounds == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
