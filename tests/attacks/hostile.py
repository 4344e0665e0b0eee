#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mirror that is honest but for some paths.

usage: hostile.py FOLDER PORT_FILE [PATTERN=HOW]...

Serves FOLDER on a free port of the loopback address; the number goes to
PORT_FILE. What matches a shell PATTERN (the first that does) is answered in
another way:

  endless    bytes without an end
  announced  a length of 8 GiB, and nothing
  slow       a byte now and then
  short      half of what was announced
  empty      nothing
  twice      the file, two times
  inflated   the file, said to be compressed
  elsewhere  a redirect to an honest copy
  NNN        that status code
"""
import fnmatch
import http.server
import os
import sys
import time

FOLDER, PORT_FILE = sys.argv[1:3]
RULES = [rule.rsplit("=", 1) for rule in sys.argv[3:]]


class Mirror(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", length=None, **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None
                                               else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def pour(self, chunk, pause):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(chunk)
            self.wfile.flush()
            time.sleep(pause)

    def misbehave(self, how, path, body):
        if how == "endless":
            self.pour(b" " * 65536, 0)
        elif how == "slow":
            self.pour(b" ", 0.5)
        elif how == "announced":
            self.answer(200, b"", 8 << 30)
        elif how == "short":
            self.answer(200, body[:len(body) // 2], len(body))
        elif how == "empty":
            self.answer(200)
        elif how == "twice":
            self.answer(200, body + body)
        elif how == "inflated":
            self.answer(200, body, Content_Encoding="gzip")
        elif how == "elsewhere":
            self.answer(302, Location="/honest/" + path)
        else:
            self.answer(int(how))

    def do_GET(self):
        path = self.path.lstrip("/")
        how = next((h for p, h in RULES if fnmatch.fnmatch(path, p)), None)
        name = path.removeprefix("honest/")
        try:
            with open(os.path.join(FOLDER, name), "rb") as file:
                body = file.read()
        except OSError:
            body = None
        try:
            if how is not None and path == name:
                self.misbehave(how, path, body or b"")
            elif body is None:
                self.answer(404)
            else:
                self.answer(200, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
server.daemon_threads = True
with open(PORT_FILE + ".new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
