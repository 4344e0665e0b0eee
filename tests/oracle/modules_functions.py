#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares functions of modules with yara's, over files and random arguments.

usage: modules_functions.py PROBE [--rounds N] [--seed N]

PROBE: functions_probe. yara prints with console.log what a function gives;
nothing is printed for what is undefined. Exits 77 without yara.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import make_samples

# Letters as in a table of ours: i an offset or a number, l a length, y a byte,
# n any number, f a float, s a string, c a processor, m a model of it,
# w a word that may be in a file of ours.
FORMS = [
    ("math.entropy", "il"), ("math.entropy", "s"),
    ("math.mean", "il"), ("math.mean", "s"),
    ("math.deviation", "ilf"), ("math.deviation", "sf"),
    ("math.serial_correlation", "il"), ("math.serial_correlation", "s"),
    ("math.monte_carlo_pi", "il"), ("math.monte_carlo_pi", "s"),
    ("math.count", "y"), ("math.count", "yil"),
    ("math.percentage", "y"), ("math.percentage", "yil"),
    ("math.mode", ""), ("math.mode", "il"),
    ("math.in_range", "fff"), ("math.min", "nn"), ("math.max", "nn"),
    ("math.abs", "n"),
    ("hash.md5", "il"), ("hash.md5", "s"),
    ("hash.sha1", "il"), ("hash.sha1", "s"),
    ("hash.sha256", "il"), ("hash.sha256", "s"),
    ("hash.crc32", "il"), ("hash.crc32", "s"),
    ("hash.checksum32", "il"), ("hash.checksum32", "s"),
    ("macho.file_index_for_arch", "c"), ("macho.file_index_for_arch", "cm"),
    ("macho.entry_point_for_arch", "c"), ("macho.entry_point_for_arch", "cm"),
    ("dex.has_method", "w"), ("dex.has_method", "ww"), ("dex.has_class", "w"),
]


def argument(letter, size, words, rng):
    """(as the probe reads it, as a rule says it)"""
    if letter == "f":
        value = rng.choice([0.0, 1.0, 127.5, rng.random() * 256])
        value = round(value * 1e6)
        return "f:%d" % value, "%.6f" % (value / 1e6)
    if letter == "s":
        text = bytes(rng.randrange(256) for _ in range(rng.choice(
            [1, 2, 5, 6, 7, 60])))
        return ("s:" + text.hex(),
                '"%s"' % "".join("\\x%02x" % byte for byte in text))
    if letter == "w":
        word = rng.choice(words or ["none"])
        return "s:" + word.encode().hex(), '"%s"' % word
    value = {
        "i": rng.choice([0, 0, 1, size - 1, size, size + 1, -1,
                         rng.randrange(size + 1)]),
        "l": rng.choice([0, 1, 5, 6, size, size + 1, size * 2, -1,
                         rng.randrange(size + 1)]),
        "y": rng.choice([0, 255, 65, rng.randrange(256)]),
        "c": rng.choice(list(make_samples.MACHO_CPUS))[0],
        "m": rng.randrange(4),
        "n": rng.choice([0, 1, -1, 1 << 40, -(1 << 50),
                         rng.randrange(-1000, 1000)]),
    }[letter]
    return "i:%d" % value, "%d" % value


def same(ours, theirs):
    if ours == theirs:
        return True
    # Offset and "undefined" added up, which is a huge negative number.
    if ours == "undefined" and theirs.startswith("-14834001"):
        return True
    try:
        return abs(float(ours) - float(theirs)) <= 2e-6
    except ValueError:
        return False


def compare(probe, yara, path, calls, folder):
    """The calls that give different things."""
    rules = os.path.join(folder, "calls.yar")
    with open(rules, "w", encoding="ascii") as file:
        file.write('import "math"\nimport "hash"\nimport "console"\n'
                   'import "macho"\nimport "dex"\n')
        for i, (_, theirs) in enumerate(calls):
            file.write('rule r%d { condition: console.log("=%d=", %s) }\n'
                       % (i, i, theirs))
    done = subprocess.run([yara, rules, path], stdout=subprocess.PIPE,
                          check=True)
    printed = {}
    for line in done.stdout.decode("ascii", "replace").splitlines():
        if line.startswith("="):
            number, value = line[1:].split("=", 1)
            printed[int(number)] = value
    done = subprocess.run([probe, path], stdout=subprocess.PIPE,
                          input="".join(c + "\n" for c, _ in calls).encode(),
                          check=True)
    ours = done.stdout.decode("ascii").splitlines()
    assert len(ours) == len(calls)
    return [(calls[i][1], ours[i], printed.get(i, "undefined"))
            for i in range(len(calls))
            if not same(ours[i], printed.get(i, "undefined"))]


def words_in(path):
    with open(path, "rb") as file:
        return re.findall("L?[A-Z]+;?", file.read().decode("latin-1"))[:40]


def write_files(folder, rng):
    contents = [b"a", b"abcdef" * 7, bytes(5000), bytes(range(256)) * 9,
                bytes(rng.randrange(256) for _ in range(30011)),
                b"\xff\x80" * 50] + [make_samples.fat(rng) for _ in range(6)] + [
                    make_samples.dex(rng) for _ in range(4)]
    for i, content in enumerate(contents):
        path = os.path.join(folder, "file%d" % i)
        with open(path, "wb") as file:
            file.write(content)
        yield path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    yara = shutil.which("yara")
    if yara is None:
        print("no yara")
        return 77
    rng = random.Random(options.seed)
    n = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        paths = list(write_files(folder, rng)) + ["/bin/true", sys.executable]
        for path in paths:
            size = os.path.getsize(path)
            known = words_in(path) if "file" in path else []
            calls = []
            for name, letters in FORMS * (4 * options.rounds):
                words = [argument(c, size, known, rng) for c in letters]
                calls.append(("\t".join([name] + [w for w, _ in words]),
                              "%s(%s)" % (name,
                                          ", ".join(w for _, w in words))))
            n += len(calls)
            for call, ours, theirs in compare(options.probe, yara, path, calls,
                                              folder):
                wrong += 1
                print("%s: %s: ours %s, yara's %s" % (path, call, ours,
                                                      theirs))
    print("modules_functions: %d calls, %d differ (seed %d)"
          % (n, wrong, options.seed))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
