#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server that behaves as told by the path's first part, on a free port
of the loopback address; its number goes to the file PORT_FILE ("port"). What clients
say is noted in the file "requests".

usage: mirror.py FOLDER [PORT_FILE [CERTIFICATE]]

/plain/... is served from FOLDER; with a certificate and key in one file, by
TLS.
"""
import gzip
import http.server
import os
import re
import ssl
import sys
import time

FOLDER = sys.argv[1]
PORT = sys.argv[2] if len(sys.argv) > 2 else "port"


class Mirror(http.server.BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # head and body are two writes
    protocol_version = "HTTP/1.1"

    def start(self, code, headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, code, body, **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        headers["Content-Length"] = str(len(body))
        self.start(code, headers)
        self.wfile.write(body)

    def do_GET(self):
        with open("requests", "a") as note:
            note.write(self.requestline + "\n" + str(self.headers))
        how, _, path = self.path.lstrip("/").partition("/")
        try:
            getattr(self, "how_" + how.replace("-", "_"))(path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def how_plain(self, path):
        try:
            with open(os.path.join(FOLDER, path), "rb") as file:
                self.send_part(file.read())
        except OSError:
            self.send(404, b"none")

    def send_part(self, body):
        part = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", self.headers.get("Range", ""))
        if part is None:
            self.send(200, body)
        else:
            first, last = int(part[1]), int(part[2])
            self.send(206, body[first : last + 1],
                      Content_Range=f"bytes {first}-{last}/{len(body)}")

    def how_endless(self, _):
        self.close_connection = True
        self.start(200, {})
        while True:
            self.wfile.write(b"x" * 65536)

    def how_slow(self, _):
        self.close_connection = True
        self.start(200, {"Content-Length": "1000000"})
        while True:
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.2)

    def how_silent(self, _):
        self.close_connection = True
        time.sleep(3600)

    def how_announced(self, _):
        self.close_connection = True
        self.start(200, {"Content-Length": "1000000000"})

    def how_short(self, _):
        self.close_connection = True
        self.start(200, {"Content-Length": "1000"})
        self.wfile.write(b"x" * 10)

    def how_elsewhere(self, _):
        self.send(302, b"", Location="/plain/file")

    def how_gzip(self, _):
        self.send(200, gzip.compress(b"hello"), Content_Encoding="gzip")

    def how_chatter(self, _):
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    def how_forbidden(self, _):
        self.send(403, b"as buckets say it")

    def how_broken(self, _):
        self.send(500, b"x" * 100000)

    def how_cookie(self, path):
        self.send(200, b"cookie", Set_Cookie="who=you; Path=/")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # clients hang up, that is what is tested


server = Server(("127.0.0.1", 0), Mirror)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(PORT + ".new", "w") as out:
    out.write(str(server.server_port))
os.rename(PORT + ".new", PORT)
server.serve_forever()
