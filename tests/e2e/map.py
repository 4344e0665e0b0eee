# SPDX-License-Identifier: Apache-2.0
# map.py FILE BAD: makes FILE harmless through a shared mapping, says "ready",
# and at a line on stdin writes what BAD holds through the same dirty page, and
# says "written"; ends at the next line, or the end, without a word.
import mmap
import sys

with open(sys.argv[2], "rb") as f:
    bad = f.read()
with open(sys.argv[1], "w+b") as f:
    f.truncate(4096)
    with mmap.mmap(f.fileno(), 4096) as m:
        m[:] = b"good".ljust(4096)
        m.flush()
        m[:1] = b"G"
        print("ready", flush=True)
        sys.stdin.readline()
        m[: len(bad)] = bad
        print("written", flush=True)
        sys.stdin.readline()
