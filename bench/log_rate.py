#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many entries a second overt-logd takes, and how long until one is public.

usage: bench/log_rate.py LOGD WITNESS [ENTRIES [CLIENTS]]

Starts a log and three witnesses (quorum: two) in a folder of /var/tmp, which
should be a disk. Entries are 400 bytes. "durable" is an entry that the log has
promised an index, after a sync; "public" one that is in a checkpoint that a
quorum cosigned.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

WINDOW = 64
LOGD, WITNESS = (os.path.abspath(p) for p in sys.argv[1:3])
ENTRIES = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
CLIENTS = int(sys.argv[4]) if len(sys.argv) > 4 else 4


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("log/socket")
    return s


def take(s, kind):
    answer = s.recv(1 << 18)
    assert answer[:1] == kind, answer
    return answer[1:]


def add(s, first, n):
    """Adds n entries; WINDOW of them are on their way."""
    sent = done = 0
    while done < n:
        if sent < n and sent - done < WINDOW:
            s.send(b"A" + (b"log.bench/test/v1\nn %d\n" % (first + sent))
                   .ljust(400, b"x"))
            sent += 1
            continue
        index, = struct.unpack("<Q", take(s, b"A"))
        done += 1
    return index


def wait_public(s, index):
    s.send(b"W" + struct.pack("<Q", index))
    take(s, b"W")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


def start_witness(name, port, log_key):
    os.mkdir(name)
    key = run(WITNESS, "--new-key", name + ".key", "--name",
              name + ".witness.bench", "--no-passphrase").split()[-1]
    child = subprocess.Popen(
        [WITNESS, "--state", name, "--key", name + ".key", "--listen",
         "127.0.0.1:%d" % port, "--log", log_key, "--quiet"],
        stderr=subprocess.DEVNULL)
    return child, "witness %s %s http://127.0.0.1:%d\n" % (name, key, port)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fill():
    start = time.monotonic()
    children = []
    for c in range(CLIENTS):
        pid = os.fork()
        if pid == 0:
            share = ENTRIES // CLIENTS
            add(connect(), c * share, share)
            os._exit(0)
        children.append(pid)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    durable = time.monotonic() - start
    s = connect()
    wait_public(s, add(s, ENTRIES, 1))
    public = time.monotonic() - start
    print("durable  %7.0f entries/s (%d clients, %d entries)"
          % (ENTRIES / durable, CLIENTS, ENTRIES))
    print("public   %7.0f entries/s, the last %.2f s after it was durable"
          % (ENTRIES / public, public - durable))


def idle():
    times = []
    s = connect()
    for i in range(60):
        time.sleep(0.6)
        start = time.monotonic()
        wait_public(s, add(s, i, 1))
        times.append(time.monotonic() - start)
    times.sort()
    print("idle log, added to public: median %.0f ms, p95 %.0f ms"
          % (times[len(times) // 2] * 1000, times[len(times) * 95 // 100]
             * 1000))


def main():
    run(LOGD, "init", "log", "--origin", "log.bench/1", "--no-passphrase")
    with open("log/log.key.pub", encoding="ascii") as file:
        log_key = file.read().strip()
    children, lines = [], ["log %s\n" % log_key]
    for name in "abc":
        child, line = start_witness(name, free_port(), log_key)
        children.append(child)
        lines.append(line)
    with open("policy", "w", encoding="ascii") as file:
        file.write("".join(lines) + "group g 2 a b c\nquorum g\n")
    children.append(subprocess.Popen(
        [LOGD, "run", "log", "--policy", "policy"]))
    wait_for("log/socket")
    try:
        fill()
        idle()
    finally:
        for child in children:
            child.terminate()
            child.wait()


home = tempfile.mkdtemp(prefix="overt-log-", dir="/var/tmp")
os.chdir(home)
try:
    main()
finally:
    os.chdir("/")
    shutil.rmtree(home)
