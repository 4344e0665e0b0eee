#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a made-up set of YARA rules, to measure with.

usage: make_yara.py OUTFILE [--rules N] [--seed N] [--no-regex]

The mixture is that of published sets: four or five strings a rule, two thirds of
them text (a third wide, half fullword, a twelfth nocase), a third hexadecimal,
one in forty a regular expression; nine in ten have seven fixed bytes in a row;
few are xor or base64. Two texts begin with the same three bytes about once in a
thousand. Most conditions ask for a magic number, a size and some of the strings.
The same seed gives the same bytes everywhere.
"""
import argparse
import random

from make_rules import CODE, MARKS, STEMS

MAGICS = ["uint16(0) == 0x5a4d and ", "uint32(0) == 0x464c457f and ",
          "uint32be(0) == 0x504b0304 and ", "uint32(0) == 0xe011cfd0 and "]
PATHS = ["\\\\AppData\\\\Roaming\\\\", "Software\\\\Microsoft\\\\", "/tmp/.",
         "http://", "https://", "%s\\\\", "/bin/sh -c ", "cmd.exe /c ",
         "Mozilla/5.0 (", ".pdb", ".dll", ".exe", "SELECT * FROM "]


class Maker:
    def __init__(self, seed, has_regex):
        self.rng = random.Random(seed)
        self.has_regex = has_regex

    def word(self):
        """A made-up word: what makes a text rare."""
        return "".join(self.rng.choice("bcdfghklmnprstvwxz")
                       + self.rng.choice("aeiouy")
                       for _ in range(self.rng.randrange(2, 5)))

    def phrase(self):
        kind = self.rng.random()
        length = int(self.rng.lognormvariate(2.9, 0.5))
        out = ""
        if kind < 0.25:
            out = self.rng.choice(PATHS)
        while len(out) < max(length, 4):
            part = self.word() if self.rng.random() < 0.6 else \
                self.rng.choice(STEMS)
            if self.rng.random() < 0.4:
                part = part.capitalize()
            if self.rng.random() < 0.15:
                part = "%x" % self.rng.getrandbits(20)
            mark = self.rng.choice(MARKS)
            out += part + (mark if mark not in '\\"' else "\\" + mark)
        return out

    def text(self):
        modifiers = ""
        if self.rng.random() < 0.35:
            modifiers += self.rng.choice([" wide", " wide", " ascii wide"])
        elif self.rng.random() < 0.5:
            modifiers += " ascii"
        dice = self.rng.random()
        if dice < 0.003:
            modifiers += " base64"
        elif dice < 0.0035:
            modifiers += " xor"
        else:
            if self.rng.random() < 0.45:
                modifiers += " fullword"
            if self.rng.random() < 0.08:
                modifiers += " nocase"
        return '"%s"%s' % (self.phrase(), modifiers)

    def hex(self):
        out = []
        for _ in range(self.rng.randrange(2, 7)):
            dice = self.rng.random()
            if dice < 0.5:
                data = self.rng.choice(CODE)
            else:
                data = self.rng.randbytes(self.rng.choice([2, 3, 4, 8]))
            out += ["%02x" % b for b in data]
            dice = self.rng.random()
            if dice < 0.35:
                out += ["??"] * self.rng.choice([1, 1, 2, 4])
            elif dice < 0.4:
                out.append("[%d-%d]" % (self.rng.randrange(5),
                                        self.rng.randrange(5, 40)))
            elif dice < 0.44:
                out.append("( 74 | 75 | 0f 84 ?? ?? )")
            elif dice < 0.47:
                out.append("%x?" % self.rng.randrange(16))
        out += ["%02x" % b for b in self.rng.randbytes(
            self.rng.choice([3, 7, 8, 12]))]
        return "{ %s }" % " ".join(out)

    def regex(self):
        return "/%s/" % self.rng.choice([
            "%s[0-9a-f]{8,32}\\.%s" % (self.word(), self.word()),
            "https?:\\/\\/[a-z0-9.]{4,30}\\/%s\\.php" % self.word(),
            "%s\\s{0,4}=\\s{0,4}[\"'](%s|%s)" % (self.word(), self.word(),
                                                 self.word()),
            "\\.%s[a-z]+\\(%s" % (self.word(), self.word())])

    def string(self):
        dice = self.rng.random()
        if dice < 0.023 and self.has_regex:
            return self.regex()
        return self.hex() if dice < 0.34 else self.text()

    def condition(self, n_x, n_s):
        head = ""
        dice = self.rng.random()
        if dice < 0.6:
            head = self.rng.choice(MAGICS[:1] * 6 + MAGICS)
        if self.rng.random() < 0.6:
            head += "filesize < %dKB and " % self.rng.choice(
                [100, 500, 1000, 5000])
        choices = ["all of them", "any of them" if n_x + n_s < 4 else
                   "%d of them" % max(2, (n_x + n_s) // 2)]
        if n_x > 0:
            choices += ["( 1 of ($x*) or all of ($s*) )", "any of ($x*)"
                        " and 1 of ($s*)"]
        return head + self.rng.choice(choices)

    def rule(self, number):
        n_x = self.rng.choice([0, 0, 1, 2])
        n_s = self.rng.choice([1, 2, 3, 3, 4, 6, 10])
        names = ["$x%d" % i for i in range(n_x)]
        names += ["$s%d" % i for i in range(n_s)]
        strings = "".join("    %s = %s\n" % (name, self.string())
                          for name in names)
        return ("rule made_%05d : made\n{\n  meta:\n    author = \"a machine\"\n"
                "    score = %d\n  strings:\n%s  condition:\n    %s\n}\n\n" % (
                    number, self.rng.randrange(100), strings,
                    self.condition(n_x, n_s)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("outfile")
    parser.add_argument("--rules", type=int, default=11500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-regex", action="store_true")
    options = parser.parse_args()
    maker = Maker(options.seed, not options.no_regex)
    with open(options.outfile, "w", encoding="ascii") as file:
        for number in range(options.rules):
            file.write(maker.rule(number))


if __name__ == "__main__":
    main()
