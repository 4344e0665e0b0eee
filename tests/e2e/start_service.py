# SPDX-License-Identifier: Apache-2.0
"""Starts a program as systemd would: sockets, notifications, a watchdog.

usage: start_service.py SOCKET CONFIG PROGRAM

Listens on SOCKET and hands it over, prints each notification on a line, and
ends when the program has ended.
"""
import os
import socket
import sys


def main():
    path, config, program = sys.argv[1:]
    notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notices.bind("notify.sock")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(16)
    pid = os.fork()
    if pid == 0:
        os.dup2(listening.fileno(), 3)
        os.environ.update(NOTIFY_SOCKET=os.getcwd() + "/notify.sock",
                          WATCHDOG_USEC="300000", LISTEN_FDS="1",
                          LISTEN_PID=str(os.getpid()))
        os.execv(program, [program, "--config", config])
    listening.close()
    notices.settimeout(60)
    while True:
        text = notices.recv(4096).decode("ascii")
        print(text, flush=True)
        if text == "STOPPING=1":
            break
    _, status = os.waitpid(pid, 0)
    print("exit %d" % os.waitstatus_to_exitcode(status), flush=True)


main()
