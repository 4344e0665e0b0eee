#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a made-up rule set in ClamAV's text formats, to measure with.

usage: make_rules.py small|synth OUTDIR [--seed N]

small   about 9,000 rules, as a small curated set has: mostly hashes of files,
        some body patterns, a few logical rules. The peer is at its best here.
synth   3.68 million rules, the size and the mixture of the official databases.

The same seed gives the same bytes everywhere. No rule is meant to match: every
pattern has a run of 8 random bytes, so what is measured is looking, not finding.
"""
import os
import random
import sys

SIZES = {
    "small": {"hdb": 6500, "hsb": 500, "mdb": 100, "ndb": 1800, "ldb": 180},
    "synth": {"hdb": 1000000, "hsb": 700000, "mdb": 1750000, "msb": 50000,
              "ndb": 120000, "ldb": 60000},
}
DIGEST = {"hdb": 16, "hsb": 32, "mdb": 16, "msb": 32}

# Target types and how often: any file, PE, OLE, HTML, mail, ELF, text, PDF.
TARGETS = ([0] * 30 + [1] * 46 + [2] * 4 + [3] * 9 + [4] * 2 + [6] * 4
           + [7] * 4 + [10])
TEXT_TARGETS = (3, 4, 7)

# Fragments that real patterns are full of: common to many files, so that a
# prefilter has to look for what is rare in a pattern.
CODE = [bytes.fromhex(h) for h in (
    "558bec", "83ec", "8b45", "8945", "e8", "ff15", "33c0", "c3", "6a00",
    "68", "85c0", "7405", "0f84", "eb", "50", "5e5f5b", "8d45", "4883ec",
    "488b05", "0000", "00000000", "4889e5", "c9c3", "90")]
STEMS = ("get set open read send user name pass word file load exec shell host "
         "port http url path key data temp code eval func decode script "
         "document write create object mutex inject hook dump start stop "
         "config server client update install payload buffer string value"
         ).split()
MARKS = ["(", ")", "=", ";", ".", "_", "/", "\\", "\"", "'", " ", ",", "$"]


def text_bytes(rng, length):
    out = ""
    while len(out) < length:
        stem = rng.choice(STEMS)
        if rng.random() < 0.4:
            stem = stem.capitalize()
        out += stem + rng.choice(MARKS)
        if rng.random() < 0.3:
            out += "%x" % rng.getrandbits(16)
    return out[:length].encode()


def code_bytes(rng, length):
    out = b""
    while len(out) < length:
        out += rng.choice(CODE) if rng.random() < 0.6 else rng.randbytes(2)
    return out[:length]


def fragment(rng, target, length):
    """length bytes, with 8 in them that no file has."""
    length = max(length, 12)
    if target in TEXT_TARGETS or (target == 0 and rng.random() < 0.5):
        rare = ("%016x" % rng.getrandbits(64)).encode()[:8]
        return text_bytes(rng, length - 8) + rare
    rare = rng.randbytes(8)
    cut = rng.randrange(length - 8)
    return code_bytes(rng, cut) + rare + code_bytes(rng, length - 8 - cut)


def with_wildcard(rng, digits):
    at = rng.randrange(2, len(digits) // 2 - 2) * 2
    kind = rng.random()
    if kind < 0.6:
        put = "??"
    elif kind < 0.8:
        put = digits[at] + "?"
    else:
        put = "(%s|%02x)" % (digits[at:at + 2], rng.randrange(256))
    return digits[:at] + put + digits[at + 2:]


def gap(rng):
    kind = rng.random()
    if kind < 0.4:
        return "*"
    if kind < 0.7:
        return "{%d}" % rng.randint(1, 32)
    low = rng.randint(0, 16)
    return "{%d-%d}" % (low, low + rng.randint(1, 128))


def pattern(rng, target, usual, is_simple):
    length = min(300, int(usual * rng.lognormvariate(0, 0.5)))
    digits = fragment(rng, target, length).hex()
    if is_simple:
        return digits
    if rng.random() < 0.3:
        digits = with_wildcard(rng, digits)
    while rng.random() < 0.4:
        digits += gap(rng) + fragment(rng, target, length // 2).hex()
    return digits


def offset(rng, target):
    kind = rng.random()
    if kind < 0.8:
        return "*"
    if target == 1:
        return rng.choice(["EP+0", "EP+0,512", "EP+16", "S0+0", "SL+64,256"])
    return rng.choice(["0", "16", "512", "EOF-256", "0,1024"])


def name(kind, number):
    return "Bench.%s.Made-%d" % (kind.capitalize(), number)


def digest_line(rng, kind, number):
    digest = rng.randbytes(DIGEST[kind]).hex()
    size = int(min(3e7, 300 + rng.lognormvariate(11.5, 1.6)))
    if kind in ("mdb", "msb"):
        return "%d:%s:%s\n" % (size // 512 * 512 + 512, digest,
                               name(kind, number))
    return "%s:%d:%s\n" % (digest, size, name(kind, number))


def body_line(rng, number):
    target = rng.choice(TARGETS)
    return "%s:%d:%s:%s\n" % (name("ndb", number), target,
                              offset(rng, target),
                              pattern(rng, target, 44, rng.random() < 0.65))


def part(rng, target, index):
    if index > 0 and rng.random() < 0.015:
        return "%d/%s[a-z0-9]{4,12}\\.%06x/i" % (
            index - 1, rng.choice(STEMS), rng.getrandbits(24))
    text = pattern(rng, target, 24, rng.random() < 0.85)
    if text.isalnum() and rng.random() < 0.12:
        return text + rng.choice(["::i", "::w", "::ia"])
    return text


def logical_line(rng, number):
    target = rng.choice(TARGETS)
    count = min(12, 1 + int(rng.expovariate(0.45)))
    parts = [part(rng, target, i) for i in range(count)]
    numbers = [str(i) for i in range(count)]
    kind = rng.random()
    if kind < 0.7 or count == 1:
        expression = "&".join(numbers)
    elif kind < 0.85:
        expression = "(%s)>%d" % ("|".join(numbers), count // 2)
    else:
        expression = "%s&(%s)" % (numbers[0], "|".join(numbers[1:]))
    fields = "Engine:51-255,Target:%d" % target
    if rng.random() < 0.08:
        fields += ",FileSize:%d-%d" % (rng.randint(100, 5000),
                                       rng.randint(60000, 9000000))
    return ";".join([name("ldb", number), fields, expression] + parts) + "\n"


def line(rng, kind, number):
    if kind in DIGEST:
        return digest_line(rng, kind, number)
    if kind == "ndb":
        return body_line(rng, number)
    return logical_line(rng, number)


def main():
    arguments = sys.argv[1:]
    seed = 1
    if "--seed" in arguments:
        at = arguments.index("--seed")
        seed = int(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) != 2 or arguments[0] not in SIZES:
        sys.exit(__doc__.strip())
    folder = arguments[1]
    os.makedirs(folder, exist_ok=True)
    for index, (kind, count) in enumerate(sorted(
            SIZES[arguments[0]].items())):
        # One generator a file: another count leaves the other files alone.
        rng = random.Random(seed * 100 + index)
        path = os.path.join(folder, "bench." + kind)
        with open(path, "w", encoding="ascii") as file:
            for number in range(count):
                file.write(line(rng, kind, number))


if __name__ == "__main__":
    main()
