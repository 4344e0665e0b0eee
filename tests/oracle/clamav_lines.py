#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares which database lines overt and clamscan take, leave out, or refuse.

usage: clamav_lines.py PROBE [--seed N] [--random N] [--only EXT]

For each of ClamAV's formats there are lines that are known to sit at the edge
of the syntax (clamav_lines.txt), and random edits of good ones. Each becomes a
database of one line. clamscan refuses it (exit 2) or says how many signatures
it has loaded; PROBE must say the same.

Exits 0 if all agree, 1 if not, 77 if clamscan is not installed.
"""
import argparse
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile

from clamav_version import has_clamav

# Formats whose entries clamscan does not count as signatures.
UNCOUNTED = {"ftm", "pwdb", "ign", "ign2"}

# A number that does not fit wraps around in clamscan; overt takes it as large.
# Lines beyond these lengths, and NUL bytes, are not tried either.
SPECIAL = "*?{}[]()|!&<>=,:;-+$/#% 0123456789abfBLWSEVIPxX~\\."


def cases(path):
    """(extension, line) of each row; a row "[ext]" begins a section."""
    ext = None
    with open(path, encoding="latin-1") as f:
        for row in f:
            row = row.rstrip("\n")
            if row.startswith("[") and row.endswith("]") and "." not in row \
                    and row[1:-1].isalnum():
                ext = row[1:-1]
            elif not row.startswith("## "):
                yield ext, row.replace("<CR>", "\r").replace("<NL>", "\n")


def edit(rng, line):
    """line with one to three characters changed."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(line) + 1)
        what = rng.random()
        if what < 0.3:
            line = line[:at] + rng.choice(SPECIAL) + line[at:]
        elif what < 0.6:
            line = line[:at] + rng.choice(SPECIAL) + line[at + 1:]
        elif what < 0.8:
            line = line[:at] + line[at + 1:]
        elif line:
            to = min(len(line), at + rng.randint(1, 6))
            line = line[:at] + line[at:to] + line[at:]
    return line


def ask_clamscan(path, victim):
    run = subprocess.run(["clamscan", "-d", path, "--detect-pua", victim],
                         capture_output=True, text=True, errors="replace",
                         check=False)
    if run.returncode == 2:
        return "refused"
    return re.search(r"Known viruses: (\d+)", run.stdout).group(1)


def compare(probe, todo, folder):
    """Prints what differs; returns how many."""
    victim = os.path.join(folder, "victim")
    with open(victim, "w", encoding="ascii") as f:
        f.write("x")
    paths = []
    for i, (ext, line) in enumerate(todo):
        path = os.path.join(folder, f"{i}.{ext}")
        with open(path, "w", encoding="latin-1", newline="") as f:
            f.write(line + "\n")
        paths.append(path)
    ours = subprocess.run([probe] + paths, capture_output=True, text=True,
                          errors="replace", check=True).stdout.splitlines()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        theirs = list(pool.map(lambda p: ask_clamscan(p, victim), paths))
    wrong = 0
    for (ext, line), our, their in zip(todo, ours, theirs):
        word = our.split(" ", 1)[0]
        if ext in UNCOUNTED and word != "refused":
            word = "0"
        if word != their:
            wrong += 1
            print(f".{ext} clamscan: {their}, overt: {our}\n    {line!r}")
    return wrong


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--random", type=int, default=600)
    parser.add_argument("--only")
    args = parser.parse_args()
    if not has_clamav("clamscan"):
        return 77
    here = os.path.dirname(os.path.abspath(__file__))
    fixed = [c for c in cases(os.path.join(here, "clamav_lines.txt"))
             if args.only in (None, c[0])]
    rng = random.Random(args.seed)
    todo = list(fixed)
    for _ in range(args.random):
        ext, line = rng.choice(fixed)
        todo.append((ext, edit(rng, line)))
    todo = [(e, l) for e, l in todo if not re.search(r"\d{10}", l)
            or "af2ad" in l or re.search(r"[0-9a-f]{32}", l)]
    with tempfile.TemporaryDirectory() as folder:
        wrong = compare(args.probe, todo, folder)
    print(f"{len(todo)} lines, {wrong} differ (seed {args.seed})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
