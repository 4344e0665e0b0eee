# SPDX-License-Identifier: Apache-2.0
"""Sends bytes to a socket of clamd's protocol and prints the answer.

usage: clamd_ask.py SOCKET BYTES [FILE]

BYTES are sent in one go, with C's escapes undone; FILE's descriptor with the
last of them. Reads until the other side closes.
"""
import os
import socket
import sys


def main():
    text = sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(sys.argv[1])
        if len(sys.argv) > 3:
            fd = os.open(sys.argv[3], os.O_RDONLY)
            s.sendall(text[:-1])
            socket.send_fds(s, [text[-1:]], [fd])
        else:
            s.sendall(text)
        while True:
            got = s.recv(65536)
            if not got:
                break
            os.write(1, got)


main()
