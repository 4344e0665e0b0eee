#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many entries a second overt-monitor verify-log checks on one core.

usage: bench/monitor_rate.py OVERT-MONITOR [ENTRIES]

The log is in a folder; entries have the size of rule changes (400 bytes).
"""
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "e2e"))
from tlog import Log  # noqa: E402


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    log = Log("log.example/1")
    for i in range(n):
        log.add(hashlib.sha512(b"%d" % i).digest() * 6 + b"0123456789abcdef")
    with tempfile.TemporaryDirectory() as folder:
        log.write(folder)
        with open(os.path.join(folder, "policy"), "w",
                  encoding="utf-8") as file:
            file.write("log %s\nquorum none\n" % log.key.vkey())
        begin = time.monotonic()
        subprocess.run([sys.argv[1], "verify-log", folder,
                        os.path.join(folder, "policy")], check=True)
        seconds = time.monotonic() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        core = used.ru_utime + used.ru_stime
        print("%d entries: %.2f s, %.2f s of CPU: %.0f entries/s a core"
              % (n, seconds, core, n / core))


if __name__ == "__main__":
    main()
