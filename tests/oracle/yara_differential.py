#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares our matches with yara's on random rules and files.

usage: yara_differential.py PROBE [--seed N] [--rounds N] [--keep DIR]

PROBE is rules_probe of the build. Each round writes a source of random rules
(texts with modifiers, hexadecimal strings, conditions of all forms that
docs/rules.md lists and yara 4.2 has, with the modules math and hash) and files of few different bytes, so that much matches,
and compares which rules match which files. A difference is shrunk to one rule
and one file and printed, and with --keep written to DIR.

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

LETTERS = b"abAB \x00\x01"


class Generator:
    """Random rules; a depth bounds how large an expression grows."""

    def __init__(self, rng):
        self.rng = rng
        self.names = []
        self.variables = []
        self.in_loop = False
        self.rules = []

    def pick(self, *choices):
        return self.rng.choice(choices)

    # ---- strings ----

    def text(self):
        n = self.pick(2, 2, 3, 4)
        out = ""
        for _ in range(n):
            byte = self.rng.choice(LETTERS)
            out += chr(byte) if chr(byte).isalpha() else "\\x%02x" % byte
        modifiers = [m for m in ("nocase", "fullword", "private")
                     if self.rng.random() < 0.25]
        if self.rng.random() < 0.3:
            modifiers += ["wide"] + ["ascii"] * self.pick(0, 1)
        self.rng.shuffle(modifiers)
        return '"%s" %s' % (out, " ".join(modifiers))

    def hex_byte(self, plain=False):
        byte = "%02X" % self.rng.choice(LETTERS)
        if plain or self.rng.random() < 0.7:
            return byte
        return self.pick("??", byte[0] + "?", "?" + byte[1])

    def hex(self):
        parts = [self.hex_byte(True), self.hex_byte(True)]
        for _ in range(self.pick(0, 1, 2, 4)):
            kind = self.rng.random()
            if kind < 0.6:
                parts.append(self.hex_byte())
            elif kind < 0.8:
                low = self.pick(0, 1, 2)
                parts.append(self.pick("[%d]" % (low + 1),
                                       "[%d-%d]" % (low, low + 3),
                                       "[%d-]" % low))
                parts.append(self.hex_byte(True))
            else:
                parts.append("( %s )" % " | ".join(
                    " ".join(self.hex_byte() for _ in range(self.pick(1, 2)))
                    for _ in range(self.pick(2, 3))))
        parts.append(self.hex_byte(True))
        return "{ %s }" % " ".join(parts)

    # ---- conditions ----

    def quantifier(self, depth):
        """Not none, of which yara 4.2 makes "at least 0" in a loop."""
        return self.pick("any", "all",
                         str(self.rng.randrange(0, 4)), self.integer(depth - 1))

    def string(self, sign="$"):
        if self.in_loop and self.rng.random() < 0.6:
            return sign
        return sign + self.rng.choice(self.names)

    def set(self):
        kind = self.rng.random()
        if kind < 0.4:
            return "them"
        if kind < 0.6:
            return "($%s*)" % self.rng.choice(self.names)[0]
        return "(%s)" % ", ".join("$" + self.rng.choice(self.names)
                                  for _ in range(self.pick(1, 2, 3)))

    def range(self, depth):
        return "(%s..%s)" % (self.pick("0", "1", self.natural(depth)),
                             self.pick("20", "filesize", self.natural(depth)))

    def of_in(self, depth):
        """Places that do not name the loop's string (docs/limits.md)."""
        before, self.in_loop = self.in_loop, False
        text = "%s of %s in %s" % (self.pick("any", "all", "none", "2"),
                                   self.set(), self.range(depth))
        self.in_loop = before
        return text

    def natural(self, depth):
        """Not negative: yara gives up on negative places."""
        return self.pick("3", "7", "12", self.string("#"),
                         "filesize", "filesize \\ 2",
                         "uint8(%d)" % self.rng.randrange(9))

    # ---- texts and floating point numbers ----

    def literal(self):
        """Few different letters, so that much is equal."""
        return '"%s"' % "".join(self.pick("a", "b", "A", "\\x41", "\\n")
                                for _ in range(self.pick(0, 1, 1, 2, 3, 4)))

    def words(self, depth):
        if depth <= 0:
            return self.literal()
        return self.pick(
            self.literal(), self.literal(),
            "hash.md5(%s, %s)" % (self.natural(depth), self.natural(depth)),
            "hash.sha1(%s)" % self.literal(),
            "hash.sha256(0, filesize)")

    def regex(self):
        parts = [self.pick("a", "b", "A", ".", "[ab]", "a+", "b*", "(a|bA)",
                           "[^a]", "\\w", "a{1,2}", "b?")
                 for _ in range(self.pick(1, 2, 3))]
        return "/%s%s%s/%s" % (self.pick("", "", "^"), "".join(parts),
                               self.pick("", "", "$"),
                               self.pick("", "i", "s"))

    def words_test(self, depth):
        if self.rng.random() < 0.2:
            return "%s matches %s" % (self.words(depth), self.regex())
        return "%s %s %s" % (self.words(depth), self.pick(
            "==", "!=", "<", "<=", ">", ">=", "contains", "icontains",
            "startswith", "istartswith", "endswith", "iendswith", "iequals"),
            self.words(depth - 1))

    def real(self, depth):
        leaf = ["0.5", "1.25", "3.0", "0.1", "100.125"]
        if depth <= 0:
            return self.rng.choice(leaf)
        sub = lambda: self.real(depth - 1)
        return self.pick(
            self.rng.choice(leaf),
            "math.entropy(%s, %s)" % (self.natural(depth), self.natural(depth)),
            "math.mean(0, filesize)", "math.entropy(%s)" % self.literal(),
            "math.deviation(0, filesize, %s)" % self.rng.choice(leaf),
            "(%s %s %s)" % (sub(), self.pick("+", "-", "*", "\\"), sub()),
            "(%s %s %s)" % (sub(), self.pick("+", "-", "*", "\\"),
                            self.integer(depth - 1)),
            "(%s %s %s)" % (self.integer(depth - 1),
                            self.pick("+", "-", "*", "\\"), sub()),
            "-%s" % self.rng.choice(leaf))

    def real_test(self, depth):
        left, right = self.real(depth), self.pick(self.real, self.integer)(
            depth - 1)
        if self.rng.random() < 0.2:
            return "math.in_range(%s, %s, %s)" % (left, self.real(1),
                                                  self.real(1))
        if self.rng.random() < 0.5:
            left, right = right, left
        return "%s %s %s" % (left, self.pick("==", "!=", "<", "<=", ">", ">="),
                             right)

    def rule_set(self):
        some = [self.rng.choice(self.rules) for _ in range(self.pick(1, 2, 3))]
        return "(%s)" % ", ".join(some)

    def integer(self, depth):
        leaf = [str(self.rng.randrange(0, 30)), "filesize", "0x1F", "1KB",
                self.string("#"), self.string("@"), self.string("!")]
        leaf += self.variables * 3
        if depth <= 0:
            return self.rng.choice(leaf)
        sub = lambda: self.integer(depth - 1)
        return self.pick(
            self.rng.choice(leaf),
            "%s[%s]" % (self.string(self.pick("@", "!")), sub()),
            "%s(%s)" % (self.pick("uint8", "uint16", "uint32", "int8", "int16",
                                  "int32", "uint16be", "uint32be", "int16be",
                                  "int32be", "int8be", "uint8be"), sub()),
            "%s %s %s" % (sub(), self.pick("+", "-", "*", "&", "|", "^"),
                          sub()),
            "(%s %s %s)" % (sub(), self.pick("+", "-", "*", "\\", "%"), sub()),
            "%s %s %d" % (sub(), self.pick("<<", ">>"),
                          self.rng.randrange(0, 70)),
            "%s in %s" % (self.string("#"), self.range(depth)),
            "-(%s)" % sub(), "~%s" % sub(),
            "math.%s(%s, %s)" % (self.pick("min", "max"), sub(), sub()),
            "hash.crc32(%s, %s)" % (self.natural(depth), self.natural(depth)),
            "hash.checksum32(0, filesize)")

    def body(self, depth, variable=None, loop=False):
        before = self.in_loop
        if variable:
            self.variables.append(variable)
        self.in_loop = before or loop
        text = self.boolean(depth)
        self.in_loop = before
        if variable:
            self.variables.pop()
        return text

    def loop(self, depth):
        if not self.in_loop and self.rng.random() < 0.5:
            return "for %s of %s : (%s)" % (self.quantifier(depth), self.set(),
                                            self.body(depth - 1, loop=True))
        variable = "ijkl"[len(self.variables)]
        over = self.pick("(0..%d)" % self.rng.randrange(0, 6),
                         "(1..%s)" % self.string("#"),
                         "(%s, %s)" % (self.integer(1), self.integer(0)),
                         "(%d..%d)" % (self.rng.randrange(0, 4),
                                       self.rng.randrange(0, 4)))
        return "for %s %s in %s : (%s)" % (self.quantifier(depth), variable,
                                           over,
                                           self.body(depth - 1, variable))

    def boolean(self, depth):
        leaf = [self.string(), self.string(), "true", "false"]
        if depth <= 0:
            return self.rng.choice(leaf)
        sub = lambda: self.boolean(depth - 1)
        number = lambda: self.integer(depth - 1)
        choices = [
            lambda: self.rng.choice(leaf),
            lambda: "%s at %s" % (self.string(), self.natural(depth)),
            lambda: "%s in %s" % (self.string(), self.range(depth)),
            lambda: "%s %s %s" % (number(),
                                  self.pick("==", "!=", "<", "<=", ">", ">="),
                                  number()),
            lambda: "%s of %s" % (self.quantifier(depth), self.set()),
            lambda: "none of %s" % self.set(),
            lambda: "%d%% of %s" % (self.rng.randrange(1, 101), self.set()),
            lambda: self.of_in(depth),
            lambda: "%s and %s" % (sub(), sub()),
            lambda: "%s or %s" % (sub(), sub()),
            lambda: "(%s or %s)" % (sub(), sub()),
            lambda: "not %s" % sub(),
            lambda: "defined %s" % number(),
            lambda: "not (%s)" % sub(),
            lambda: self.words_test(depth),
            lambda: self.words_test(depth),
            lambda: self.real_test(depth),
            lambda: self.real_test(depth),
            lambda: "defined %s" % self.words(depth),
            lambda: "defined %s" % self.real(depth),
        ]
        if len(self.variables) < 3:
            choices.append(lambda: self.loop(depth))
            choices.append(lambda: self.loop(depth))
        if self.rules and not self.in_loop:
            choices.append(lambda: self.rng.choice(self.rules))
            choices.append(lambda: "%s of %s" % (
                self.pick("any", "all", "none", "1", "2"), self.rule_set()))
        return self.rng.choice(choices)()

    def rule(self, number):
        self.names = ["a%d" % i for i in range(self.pick(1, 2))]
        self.names += ["b%d" % i for i in range(self.pick(0, 1, 2))]
        strings = "".join(
            "    $%s = %s\n" % (name, self.text() if self.rng.random() < 0.5
                                else self.hex()) for name in self.names)
        kind = self.pick("", "", "", "", "", "", "private ")
        condition = self.boolean(self.pick(1, 2, 3))
        name = "r%d" % number
        text = ("%srule %s\n{\n  strings:\n%s  condition:\n    (%s) and "
                "(#%s >= 0 or any of them)\n}\n" % (
                    kind, name, strings, condition, self.names[0]))
        return name, text

    def source(self, n, check):
        """n rules that check() takes; later ones may refer to earlier."""
        self.rules = []
        texts = ["import \"math\"\nimport \"hash\"\n"]
        while len(texts) <= n:
            name, text = self.rule(len(texts))
            if check("".join(texts) + text):
                texts.append(text)
                self.rules.append(name)
        if self.rng.random() < 0.3:
            texts.append("global rule g { condition: filesize > %d }\n"
                         % self.rng.randrange(0, 60))
        return "".join(texts)

    def file(self):
        n = self.rng.randrange(0, 120)
        return bytes(self.rng.choice(LETTERS) for _ in range(n))


class Oracle:
    def __init__(self, probe, folder):
        self.probe = probe
        self.folder = folder
        self.rules = os.path.join(folder, "rules.yar")

    def write(self, source):
        with open(self.rules, "w", encoding="latin-1") as file:
            file.write(source)

    def run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, text=True)
        return done.returncode, set(done.stdout.split("\n")), done.stderr

    def takes(self, source):
        """Whether yara compiles it and can scan with it."""
        self.write(source)
        code, _, errors = self.run(["yara", "-w", self.rules, os.devnull])
        return code == 0 and "error" not in errors

    def compare(self, source, paths):
        """The lines on which the two differ, or words on a failure."""
        self.write(source)
        theirs = {""}
        asked = []
        for path in paths:
            code, lines, errors = self.run(["yara", "-w", self.rules, path])
            if code == 0 and "error" not in errors:  # it gives up at times
                theirs |= lines
                asked.append(path)
        code, ours, errors = self.run([self.probe, self.rules, "--"] + asked)
        if code != 0 or errors:
            return {"probe: " + errors.strip()}
        return ours ^ theirs


def shrink(oracle, source, path):
    """Leaves out rules as long as the difference stays."""
    rules = re.findall(r"(?ms)^(?:private |global )?rule .*?^\}\n|^global.*\n",
                       source)
    head = "".join(re.findall(r"(?m)^import.*\n", source))
    for rule in list(rules):
        fewer = [r for r in rules if r is not rule]
        text = head + "".join(fewer)
        if oracle.takes(text) and oracle.compare(text, [path]):
            rules = fewer
    return head + "".join(rules)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--keep")
    options = parser.parse_args()
    if not shutil.which("yara"):
        print("yara is not installed")
        return 77
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(options.probe, folder)
        for number in range(options.rounds):
            generator = Generator(rng)
            source = generator.source(12, oracle.takes)
            paths = []
            for i in range(8):
                paths.append(os.path.join(folder, "f%d" % i))
                with open(paths[-1], "wb") as file:
                    file.write(generator.file())
            if not oracle.compare(source, paths):
                continue
            for path in paths:
                if not oracle.compare(source, [path]):
                    continue
                source = shrink(oracle, source, path)
                with open(path, "rb") as file:
                    data = file.read()
                print("seed %d, round %d: %s\n%s\n%r" % (
                    options.seed, number,
                    oracle.compare(source, [path]), source, data))
                if options.keep:
                    shutil.copy(path, options.keep)
                    shutil.copy(oracle.rules, options.keep)
                return 1
    print("ok: %d rounds, seed %d" % (options.rounds, options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
