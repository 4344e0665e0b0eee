#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In overt-worker's place: says what the file "lie" beside it names."""
import array
import os
import socket
import struct
import sys

FOLDER = os.path.dirname(os.path.abspath(sys.argv[0]))


parent = None


def read(name):
    with open(os.path.join(FOLDER, name), encoding="ascii") as f:
        return f.read().strip()


# The messages' names in the order of src/sys/ipc.def, which gives the numbers.
NUMBERS = {name: number for number, name in
           enumerate(read("messages").split(), 1)}
(TIER, OPEN, CLOSE, TASK, READY, OPENED, DETECTION, INCONCLUSIVE, SPLIT,
 OUTCOME) = (NUMBERS[name] for name in (
     "TIER", "OPEN", "CLOSE", "TASK", "READY", "OPENED", "DETECTION",
     "INCONCLUSIVE", "SPLIT", "OUTCOME"))


def say(kind, body=b"", task=0, length=None, fds=()):
    packet = struct.pack("<III", kind, len(body) if length is None else length,
                         task) + body
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    parent.sendmsg([packet], control if fds else [])


def block(text):
    return bytes([len(text)]) + text


def outcome(verdict=1):
    return bytes([verdict]) + block(b"data") + bytes([1, 1]) + bytes(4)


DETECTED = (block(b"Liar") + block(b"x.ndb") + bytes([1, 0]) + block(b"body") +
            block(b"data") + bytes([1, 0, 0, 0, 0]))


def flood(task):
    while True:
        say(DETECTION, DETECTED, task)


LIES = {
    "none": lambda t: say(OUTCOME, outcome(), t),
    "other_task": lambda t: say(OUTCOME, outcome(), t + 1),
    "no_such_verdict": lambda t: say(OUTCOME, outcome(99), t),
    "too_long": lambda t: say(OUTCOME, outcome() + bytes(200), t),
    "wrong_length": lambda t: say(OUTCOME, outcome(), t, length=5),
    "cut": lambda t: say(OUTCOME, outcome()[:-1], t),
    "more_behind": lambda t: say(OUTCOME, outcome() + b"x", t),
    "with_descriptor": lambda t: say(OUTCOME, outcome(), t, fds=(0,)),
    "descriptors": lambda t: say(OUTCOME, outcome(), t, fds=(0, 1)),
    "out_of_state": lambda t: say(READY, bytes(16), t),
    "not_for_it": lambda t: say(TASK, bytes(24), t),
    "no_such_type": lambda t: say(77, b"", t),
    "split_too_often": lambda t: [say(SPLIT, b"", t) for _ in range(9)],
    "flood": flood,
    "empty": lambda t: parent.send(b"x"),
    "leave": lambda t: sys.exit(0),
}


def main():
    global parent
    if sys.argv[1:] == ["list"]:
        print("\n".join(name for name in LIES if name != "none"))
        return
    parent = socket.socket(fileno=3)
    lie = read("lie")
    fingerprint = int(read("fingerprint"), 16)
    if lie == "garbage_first":
        parent.send(os.urandom(100))
    if lie == "other_build":
        fingerprint ^= 1
    say(READY, struct.pack("<QII", fingerprint, 127, 6))
    while True:
        packet, control, _, _ = parent.recvmsg(65536, 4096)
        if not packet:
            return
        for _, _, fds in control:
            for fd in array.array("i", fds):
                os.close(fd)
        kind, _, task = struct.unpack_from("<III", packet)
        if kind == OPEN:
            say(OPENED, bytes(32))
        elif kind == TASK:
            LIES[lie](task)


if __name__ == "__main__":
    try:
        main()
    except OSError:
        pass  # ended by the parent, as it should be
