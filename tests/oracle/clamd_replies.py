#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the same bytes to overtd and to clamd and compares the answers.

usage: clamd_replies.py OVERTD_SOCKET FOLDER

Starts the clamd that is installed, with the rules in FOLDER/rules, and asks
both; FOLDER has what tests/e2e/clamd_answers_as_clamd.sh made. Exits 77 where
there is no clamd. Answers that differ on purpose are listed with the reason.
"""
import os
import shutil
import socket
import subprocess
import sys
import time

SECONDS = 20
IDLE = 0.3


def configure(folder):
    path = os.path.join(folder, "real.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write("LocalSocket %s/real.sock\nDatabaseDirectory %s/rules\n"
                "Foreground yes\nStreamMaxLength 1M\nMaxThreads 2\n"
                "LogFile %s/real.log\n" % (folder, folder, folder))
    return path


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


def start(folder):
    """The process, once it answers."""
    program = shutil.which("clamd", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        return None
    process = subprocess.Popen([program, "-c", configure(folder)],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            connect(folder + "/real.sock").close()
            return process
        except OSError:
            time.sleep(0.05)
    process.kill()
    return None


def ask(path, data, fd=None):
    """What is answered until the other side closes, or is silent for a while
    (then the answer ends with "...")."""
    answer = b""
    with connect(path) as s:
        try:
            if fd is None:
                s.sendall(data)
            else:
                s.sendall(data[:-1])
                socket.send_fds(s, [data[-1:]], [fd])
        except (BrokenPipeError, ConnectionResetError):
            pass
        s.settimeout(IDLE)
        try:
            while True:
                got = s.recv(65536)
                if not got:
                    return answer
                answer += got
        except ConnectionResetError:
            return answer
        except socket.timeout:
            return answer + b"..."


def questions(folder):
    bad = folder + "/tree/bad"
    with open(bad, "rb") as f:
        eicar = f.read()
    stream = (len(eicar)).to_bytes(4, "big") + eicar + bytes(4)
    for text in ("PING", "PING\n", "nPING\n", "zPING\0", "PING\r\n",
                 "nPING\r\r\n", "PING\0xx", "nPING\0\n", "ping\n", "PING x\n",
                 "zPINGx\0", "zPING\n\0", "VERSIONCOMMANDS\n", "zSCAN\0",
                 "zSCAN \0", "\n", "n\n", "z\0", "\0", "STATS\n", "STREAM\n",
                 "SESSION\n", "nEND\n", "zDETSTATS\0", "zDETSTATSCLEAR\0",
                 "DETSTATS\n", "IDSESSION\n", "nPING\nnPING\n",
                 "PING\nPING\n", "nIDSESSION\nnEND\n", "COMMANDS\n",
                 "SELFCHECK\n", "nRELOAD\n", "zIDSESSION\0zIDSESSION\0",
                 "zIDSESSION\0zNIX\0zPING\0zEND\0", "zIDSESSION\0zPING\0",
                 "zIDSESSION\0zRELOAD\0zEND\0", "nSCAN relative\n",
                 "zIDSESSION\0zPING\0zEND\0", "zFILDES\0x", "FILDES\nx",
                 "INSTREAM\n\0\0\0\0", "zINSTREAM\0\0\0\0\0",
                 "zINSTREAM\0\0\0\0\3abc\0\0\0\0zPING\0",
                 "zINSTREAM\0\x7f\0\0\0abc", "zFILDES\0",
                 "zIDSESSION\0zINSTREAM\0\x7f\0\0\0abc",
                 "x" * 9000):
        yield text.encode("latin-1"), None
    for text in ("SCAN %s/tree/bad", "SCAN %s/tree/bad\n",
                 "zSCAN %s/tree/good\0", "nMULTISCAN %s/tree/bad\n",
                 "nCONTSCAN %s/tree\n", "nMULTISCAN %s/tree\n",
                 "nSCAN %s/one\n", "nSCAN %s/empty\n", "nCONTSCAN %s/empty\n",
                 "nSCAN %s/nothing\n", "nSCAN %s/none\n", "nCONTSCAN %s/none\n",
                 "nMULTISCAN %s/none\n", "nSCAN  %s/tree/bad\n",
                 "nSCAN%s/tree/bad\n", "nSCAN %s/tree/bad \n",
                 "ALLMATCHSCAN %s/tree\n", "nALLMATCHSCAN %s/tree/bad\n",
                 "nALLMATCHSCAN %s/tree/good\n",
                 "nIDSESSION\nzPING\0nSCAN %s/tree/bad\nnEND\n",
                 "zIDSESSION\0zPING\0zCONTSCAN %s/tree\0zPING\0",
                 "zIDSESSION\0zSCAN %s/one\0zEND\0",
                 "zIDSESSION\0zMULTISCAN %s/tree\0",
                 "zIDSESSION\0zSCAN %s/none\0zEND\0"):
        yield (text % folder).encode("latin-1"), None
    yield b"nINSTREAM\n" + stream, None
    yield b"zIDSESSION\0zINSTREAM\0" + stream + b"zPING\0zEND\0", None
    yield b"zFILDES\0x", bad
    yield b"zIDSESSION\0zFILDES\0xzPING\0zEND\0", None
    yield b"nFILDES\nx", folder + "/tree/good"


# On purpose: clamd says OK of what it did not look at, or nothing.
DIFFERENT = [
    ("nSCAN %s/link\n", "%s/link: Test.Eicar.UNOFFICIAL FOUND\n"),
    ("nSCAN %s/broken\n", "%s/broken: File path check failure: "
     "No such file or directory. ERROR\n"),
    ("nSCAN %s/fifo\n", "%s/fifo: Not supported file type ERROR\n"),
    ("nMULTISCAN %s/empty\n", "%s/empty: OK\n"),
    ("zIDSESSION\0PING\n", "UNKNOWN COMMAND\n"),
    ("SHUTDOWN\n", "COMMAND UNAVAILABLE\n"),
    ("QUIT\n", "COMMAND UNAVAILABLE\n"),
]


def alike(answer):
    """Lines come in any order; a descriptor's number is the daemon's own."""
    text = answer.decode("latin-1")
    while "fd[" in text:
        before, after = text.split("fd[", 1)
        text = before + "fd" + after.split("]", 1)[1]
    return sorted(text.replace("\0", "\n\0").split("\n"))


def main():
    ours, folder = sys.argv[1:]
    process = start(folder)
    if process is None:
        print("no clamd here")
        return 77
    wrong = n = 0
    try:
        for data, path in questions(folder):
            answers = []
            for where in (folder + "/real.sock", ours):
                fd = os.open(path, os.O_RDONLY) if path else None
                answers.append(ask(where, data, fd))
                if fd is not None:
                    os.close(fd)
            n += 1
            if alike(answers[0]) != alike(answers[1]):
                wrong += 1
                print("to %r\n  clamd:  %r\n  overtd: %r"
                      % (data[:200], answers[0][:400], answers[1][:400]))
    finally:
        process.kill()
        process.wait()
    for question, wanted in DIFFERENT:
        data = question.replace("%s", folder).encode("latin-1")
        answer = ask(ours, data).decode("latin-1")
        n += 1
        if answer != wanted.replace("%s", folder):
            wrong += 1
            print("to %r\n  overtd: %r" % (data, answer))
    print("%d questions, %d answered in another way" % (n, wrong))
    return 1 if wrong else 0


sys.exit(main())
