#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many add-checkpoint requests a witness answers in a second.

usage: bench/witness_rate.py OVERT-WITNESS [SECONDS] [FOLDER]

Sixteen logs grow, each as fast as it is answered, over sixteen connections; each
answer is a stored (fsync) and cosigned checkpoint. The state is below FOLDER (.):
the disk is what is measured. Then one log alone.
"""
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "e2e"))
from tlog import Client, Log  # noqa: E402

LOGS = 16


def start(program, folder, logs):
    command = [program, "--state", folder, "--listen", "127.0.0.1:0", "--key",
               os.path.join(folder, "key")]
    for log in logs:
        command += ["--log", log.key.vkey()]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    return process, int(line.split("port ")[1].split(",")[0])


def requests_of(log, n):
    """Made before: Python is not what is measured."""
    log.grow(n)
    return [log.request(i, i + 1) for i in range(n)]


def feed(port, requests, until, counts):
    client = Client(port)
    for n, body in enumerate(requests):
        if time.monotonic() > until:
            break
        answer = client.add(body)
        assert answer[0] == 200, answer
        counts.append(n)


def measure(port, bodies, seconds):
    counts, begin = [], time.monotonic()
    threads = [threading.Thread(target=feed, args=(port, b, begin + seconds,
                                                   counts)) for b in bodies]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return len(counts) / (time.monotonic() - begin)


def resident(process):
    with open("/proc/%d/status" % process.pid, encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    return 0


def cpu(process):
    with open("/proc/%d/stat" % process.pid, encoding="utf-8") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    where = sys.argv[3] if len(sys.argv) > 3 else "."
    logs = [Log("log%d.example" % i) for i in range(LOGS + 1)]
    most = int(seconds * 400) + 10
    bodies = [requests_of(log, most) for log in logs]
    with tempfile.TemporaryDirectory(dir=where) as folder:
        subprocess.run([sys.argv[1], "--new-key", os.path.join(folder, "key"),
                        "--name", "w.example", "--no-passphrase"], check=True,
                       stdout=subprocess.DEVNULL)
        process, port = start(sys.argv[1], folder, logs)
        try:
            many = measure(port, bodies[:LOGS], seconds)
            used = cpu(process)
            one = measure(port, bodies[LOGS:], seconds)
            print("%d logs: %.0f add-checkpoint/s, %.2f ms of CPU each"
                  % (LOGS, many, 1000 * used / (many * seconds)))
            print("one log: %.0f add-checkpoint/s" % one)
            print("largest resident set: %.1f MB" % (resident(process) / 1024))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
