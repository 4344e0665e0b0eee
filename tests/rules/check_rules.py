#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries each starter rule on a sample that it must find and on near misses.

usage: check_rules.py OVERT RULES_DIR

OVERT is the command of a build or an installation; it scans with the rules that
come with it, which must be those of RULES_DIR. The samples (samples.py) are written to a
temporary folder. A rule without a sample or without a near miss fails, and so
does a sample that is none of a rule. yara, where it is installed, must say the
same of every sample; without it that part is left out. No sample may be found
by a rule of another name that is not unwanted or suspicious, and the rules' own
sources by none. The rules of heuristic_*.yar have samples of their own
(check_heuristics.py).
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from samples import SAMPLES

META = ("author", "description", "family", "reference", "date")
TYPES = ("TestFile", "Webshell", "Backdoor", "Miner", "Trojan", "Ransomware",
         "Dropper", "Exploit", "Downloader", "Bot", "Heuristic", "Stealer",
         "Keylogger", "Phishing", "Rootkit", "Loader")


class Checks:
    def __init__(self):
        self.n = 0
        self.failed = 0

    def expect(self, holds, words):
        self.n += 1
        if not holds:
            self.failed += 1
            print("not ok: " + words)


def read_rules(paths):
    """Name -> the rule's text, without the comments between rules."""
    rules = {}
    for path in paths:
        with open(path, encoding="ascii") as file:
            text = file.read()
        for rule in re.findall(r"(?ms)^rule .*?^}", text):
            rules[re.match(r"rule (\w+)", rule).group(1)] = rule
    return rules


def check_form(checks, rules):
    for name, rule in rules.items():
        checks.expect(re.match(r"(%s)_[A-Za-z]+_[A-Za-z0-9]+_[A-Z]$"
                               % "|".join(TYPES), name),
                      name + ": is not named Type_Platform_Family_Variant")
        for word in META:
            checks.expect(re.search(r"(?m)^\s+%s = \"" % word, rule),
                          name + ": has no " + word)
        for stem in re.findall(r"\$(\w+)\*", rule):
            for other in re.findall(r"(?m)^\s+\$(\w+) =", rule):
                checks.expect(not other.startswith(stem) or
                              other[len(stem):].isdigit(),
                              "%s: $%s* also means $%s" % (name, stem, other))
        checks.expect(name in SAMPLES, name + ": has no samples")
    for name in SAMPLES:
        checks.expect(name in rules, name + ": is no rule, but has samples")


def write_samples(checks, folder):
    """Path -> the rule that must find it, or None; and the rule it is of."""
    wanted = {}
    for name, (positive, edits) in SAMPLES.items():
        path = os.path.join(folder, name + ".yes")
        wanted[path] = (name, True)
        with open(path, "wb") as file:
            file.write(positive)
        checks.expect(edits, name + ": has no near miss")
        for number, (old, new) in enumerate(edits):
            edited = positive.replace(old.encode("latin-1"),
                                      new.encode("latin-1"))
            checks.expect(edited != positive,
                          "%s: edit %d changes nothing" % (name, number))
            path = os.path.join(folder, "%s.no%d" % (name, number))
            wanted[path] = (name, False)
            with open(path, "wb") as file:
                file.write(edited)
    return wanted


def run(command, environment=None):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, text=True)
    return done.returncode, done.stdout, done.stderr


def scan_with_us(checks, overt, cache, paths):
    """Pairs of rule and path; only the files themselves, not their parts."""
    code, out, errors = run([overt, "scan", "--json", "--all-matches",
                             "--unwanted", "--heuristics"] + paths,
                            dict(os.environ, XDG_CACHE_HOME=cache))
    checks.expect(code != 2, "overt: " + errors)
    return {(line["rule"], line["path"])
            for line in map(json.loads, out.splitlines())
            if line["type"] == "detection" and not line["members"]}


def scan_with_yara(checks, rules, paths):
    folder = os.path.dirname(paths[0])
    code, out, errors = run(["yara", "-w", "-r"] + rules + [folder])
    checks.expect(code == 0 and not errors, "yara: " + errors)
    return {tuple(line.split(" ", 1)) for line in out.splitlines()}


def check_found(checks, rules, wanted, found):
    for path, (name, must) in sorted(wanted.items()):
        checks.expect(((name, path) in found) == must,
                      "%s: %s %s" % (name, "does not find" if must else
                                     "finds", os.path.basename(path)))
    for name, path in sorted(found):
        if wanted[path][0] == name:
            continue
        checks.expect(": unwanted" in rules[name].split("\n", 1)[0] or
                      "verdict = \"suspicious\"" in rules[name],
                      "%s: also finds %s" % (name, os.path.basename(path)))


def main():
    checks = Checks()
    overt, folder = sys.argv[1:3]
    every = sorted(glob.glob(os.path.join(folder, "*.yar")))
    sources = [path for path in every
               if not os.path.basename(path).startswith("heuristic_")]
    rules = read_rules(sources)
    check_form(checks, rules)
    with tempfile.TemporaryDirectory() as top:
        samples = os.path.join(top, "samples")
        cache = os.path.join(top, "cache")
        os.mkdir(samples)
        os.mkdir(cache, 0o700)
        wanted = write_samples(checks, samples)
        found = {(name, path) for name, path in
                 scan_with_us(checks, overt, cache, sorted(wanted))
                 if name in rules}
        check_found(checks, rules, wanted, found)
        own = scan_with_us(checks, overt, cache, every)
        checks.expect(not own, "rules find their own source: %s" % own)
        if shutil.which("yara"):
            theirs = scan_with_yara(checks, sources, sorted(wanted))
            for name, path in sorted(found ^ theirs):
                checks.expect(False, "%s: yara differs on %s"
                              % (name, os.path.basename(path)))
        else:
            print("yara is not installed: not compared")
    print("%d rules, %d files of rules, %d checks, %d failed"
          % (len(rules), len(sources), checks.n, checks.failed))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
