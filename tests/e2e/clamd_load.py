# SPDX-License-Identifier: Apache-2.0
"""Clients of clamd's protocol, many at once.

usage: clamd_load.py SOCKET ask CLIENTS REQUESTS BAD GOOD
       clamd_load.py SOCKET slow CLIENTS GOOD
       clamd_load.py SOCKET garbage SEED CLIENTS

ask: each client asks so many times about BAD, which is detected, and GOOD,
by SCAN, INSTREAM and a session; prints how many answers were none or wrong.
slow: opens connections that never finish what they say, and while they are open
has GOOD scanned. garbage: each client sends random bytes, then goes.
"""
import random
import socket
import sys
import threading

SECONDS = 60


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(SECONDS)
    s.connect(path)
    return s


def read_all(s):
    answer = b""
    while True:
        got = s.recv(65536)
        if not got:
            return answer
        answer += got


def ask(path, data):
    with connect(path) as s:
        s.sendall(data)
        return read_all(s).decode("latin-1")


def stream(data):
    return b"zINSTREAM\0" + len(data).to_bytes(4, "big") + data + bytes(4)


def check(path, i, bad, good):
    """Whether the answers are right."""
    name, content = bad if i % 2 else good
    word = "FOUND" if i % 2 else "OK"
    if i % 3 == 0:
        answer = ask(path, b"zSCAN " + name.encode() + b"\0")
        return answer.endswith(word + "\0")
    if i % 3 == 1:
        return ask(path, stream(content)).endswith(word + "\0")
    answer = ask(path, b"zIDSESSION\0" + stream(content) + b"zSCAN " +
                 name.encode() + b"\0zPING\0zEND\0")
    lines = sorted(answer.split("\0")[:-1])
    return len(lines) == 3 and lines[0].endswith(word) and \
        lines[1].endswith(word) and lines[2] == "3: PONG"


def client(path, n, files, failed):
    for i in range(n):
        try:
            is_right = check(path, i, *files)
        except OSError as error:
            is_right = False
            print("failed: %s" % error)
        if not is_right:
            failed.append(i)


def run_ask(path, clients, requests, bad, good):
    files = []
    for name in (bad, good):
        with open(name, "rb") as f:
            files.append((name, f.read()))
    failed = []
    threads = [threading.Thread(target=client,
                                args=(path, int(requests), files, failed))
               for _ in range(int(clients))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print("%d asked, %d failed" % (int(clients) * int(requests), len(failed)))
    return 1 if failed else 0


def run_slow(path, clients, good):
    beginnings = (b"", b"z", b"zINSTREAM\0\0\0\1\0abc", b"zFILDES\0", b"SCA",
                  b"zIDSESSION\0zINSTREAM\0\0\0", b"nSCAN /x")
    slow = []
    for i in range(int(clients)):
        s = connect(path)
        s.sendall(beginnings[i % len(beginnings)])
        slow.append(s)
    answer = ask(path, b"zSCAN " + good.encode() + b"\0")
    print(answer.replace("\0", "\n"), end="")
    for s in slow:
        s.close()
    return 0


def run_garbage(path, seed, clients):
    chance = random.Random(int(seed))
    words = [b"zINSTREAM\0", b"nSCAN /", b"zIDSESSION\0", b"zFILDES\0",
             b"\0\0\0\0", b"\0\0\1\0", b"PING\n", b"\n", b"zEND\0", b"MULTISCAN "]
    for _ in range(int(clients)):
        data = b"".join(chance.choice(words) if chance.random() < 0.5 else
                        bytes(chance.randrange(256)
                              for _ in range(chance.randrange(40)))
                        for _ in range(chance.randrange(1, 30)))
        data = data.replace(b"/", b"|")  # it is not to scan this machine
        with connect(path) as s:
            try:
                s.sendall(data)
                if chance.random() < 0.5:
                    s.shutdown(socket.SHUT_WR)
                    read_all(s)
            except OSError:
                pass
    return 0


def main():
    what = {"ask": run_ask, "slow": run_slow, "garbage": run_garbage}
    return what[sys.argv[2]](sys.argv[1], *sys.argv[3:])


sys.exit(main())
