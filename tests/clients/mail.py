#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two ends of a mail server under test.

usage: mail.py send PORT FILE    prints the server's last reply
       mail.py make 0 FILE       prints the mail
       mail.py take PORT FOLDER  a server that takes all, each into a file
"""
import email.message
import os
import smtplib
import socketserver
import sys


def compose(path):
    mail = email.message.EmailMessage()
    mail["From"] = "sender@clients.test"
    mail["To"] = "receiver@clients.test"
    mail["Subject"] = "a file"
    mail["Message-ID"] = "<%d@clients.test>" % os.getpid()
    mail["Date"] = "Mon, 01 Jan 2024 00:00:00 +0000"
    mail.set_content("See what is attached.\n")
    with open(path, "rb") as file:
        mail.add_attachment(file.read(), maintype="application",
                            subtype="octet-stream",
                            filename=os.path.basename(path))
    return mail.as_bytes()


def make(_port, path):
    sys.stdout.buffer.write(compose(path))


def send(port, path):
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
        server.ehlo("client.test")
        server.mail("sender@clients.test")
        server.rcpt("receiver@clients.test")
        code, words = server.data(compose(path))
        print(code, words.decode("utf-8", "replace"))


class Taker(socketserver.StreamRequestHandler):
    folder = None
    n_taken = 0

    def reply(self, text):
        self.wfile.write(text.encode("ascii") + b"\r\n")

    def take(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        Taker.n_taken += 1
        path = os.path.join(Taker.folder, "%d" % Taker.n_taken)
        with open(path + ".part", "wb") as file:
            file.write(b"".join(lines))
        os.rename(path + ".part", path)

    def handle(self):
        self.reply("220 sink")
        for line in self.rfile:
            word = line.strip().upper().split(b" ")[0]
            if word == b"EHLO":
                self.reply("250-sink\r\n250 8BITMIME")
            elif word == b"DATA":
                self.reply("354 go on")
                self.take()
                self.reply("250 2.0.0 taken")
            elif word == b"QUIT":
                self.reply("221 bye")
                return
            else:
                self.reply("250 2.1.0 well")


def take(port, folder):
    Taker.folder = folder
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Taker) as server:
        server.serve_forever()


{"send": send, "make": make, "take": take}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
