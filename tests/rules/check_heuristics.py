#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries each heuristic on files that it must find and on near misses.

usage: check_heuristics.py OVERT RULES_DIR

Heuristics are the rules of RULES_DIR/heuristic_*.yar. Each has to be suspicious
and to give a reason. The files (heuristic_samples.py) are written to a temporary
folder, one per rule. What is only suspicious must not make the exit code that
of malware, unless asked; it must not be told unless asked; and the reason must
be in the explanation.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

from check_rules import META, Checks, read_rules
from heuristic_samples import CASES


class Overt:
    def __init__(self, command, cache):
        self.command = command
        self.environment = dict(os.environ, XDG_CACHE_HOME=cache)

    def scan(self, *arguments):
        done = subprocess.run([self.command, "scan", *arguments],
                              env=self.environment, stdout=subprocess.PIPE,
                              check=False)
        return done.returncode, done.stdout

    def detections(self, folder):
        """Names of rules, by path, of those with verdict suspicious."""
        _, out = self.scan("--json", "--all-matches", "--heuristics", folder)
        found = {}
        for line in map(json.loads, out.splitlines()):
            if line["type"] == "detection" and line["verdict"] == "suspicious":
                found.setdefault(line["path"], set()).add(line["rule"])
        return found


def check_form(checks, rules):
    told = {name for name, _, _ in CASES}
    for name, rule in rules.items():
        for word in META + ("reason",):
            checks.expect(re.search(r"(?m)^\s+%s = \"" % word, rule),
                          name + ": has no " + word)
        checks.expect('verdict = "suspicious"' in rule,
                      name + ": is not suspicious")
        checks.expect(name in told, name + ": has no files")
    for name in told:
        checks.expect(name in rules, name + ": is no rule, but has files")


def write(folder, files):
    for name, content in files:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def check_cases(checks, overt, top):
    for name, good, near in CASES:
        yes, no = os.path.join(top, name, "yes"), os.path.join(top, name, "no")
        os.makedirs(yes)
        os.makedirs(no)
        write(yes, good)
        write(no, near)
    found = overt.detections(top)
    for name, good, near in CASES:
        for file, _ in good:
            path = os.path.join(top, name, "yes", file)
            checks.expect(name in found.get(path, ()),
                          "%s: does not find %s" % (name, ascii(file)))
        for file, _ in near:
            path = os.path.join(top, name, "no", file)
            checks.expect(name not in found.get(path, ()),
                          "%s: finds %s" % (name, ascii(file)))
        checks.expect(good and near, name + ": nothing to find, or to pass")


def check_scan(checks, overt, rules, top):
    name, good, _ = CASES[0]
    path = os.path.join(top, name, "yes", good[0][0])
    reason = re.search(r"reason = \"(.*)\"", rules[name]).group(1)

    code, out = overt.scan(path)
    checks.expect(code == 0 and name.encode() not in out,
                  "told without being asked for")
    code, out = overt.scan("--heuristics", "--explain", path)
    checks.expect(code == 0, "exit code %d for what is suspicious" % code)
    checks.expect(b"SUSPICIOUS " + name.encode() in out and
                  b"reason: " + reason.encode() in out, "no reason is told")
    code, _ = overt.scan("--fail-on-suspicious", path)
    checks.expect(code == 1, "--fail-on-suspicious: exit code %d" % code)


def main():
    checks = Checks()
    command, folder = sys.argv[1:3]
    rules = read_rules(sorted(glob.glob(os.path.join(folder,
                                                     "heuristic_*.yar"))))
    check_form(checks, rules)
    with tempfile.TemporaryDirectory() as top:
        cache = os.path.join(top, "cache")
        os.mkdir(cache, 0o700)
        overt = Overt(command, cache)
        check_cases(checks, overt, os.path.join(top, "files"))
        check_scan(checks, overt, rules, os.path.join(top, "files"))
    print("%d heuristics, %d checks, %d failed"
          % (len(rules), checks.n, checks.failed))
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
