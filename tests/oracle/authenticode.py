#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signs programs with osslsigncode and compares what the module "pe" says of
them with what was signed, by whom, and when.

usage: authenticode.py PROBE FILE
FILE is any program without a signature. Exits with 77 if osslsigncode is not
here."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import modules  # noqa: E402

if shutil.which("osslsigncode") is None or shutil.which("openssl") is None:
    print("no osslsigncode here")
    sys.exit(77)


def run(*words):
    done = subprocess.run(words, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (" ".join(words),
                                       done.stderr.decode("latin-1")))
    return done.stdout.decode("latin-1")


class Case:
    def __init__(self, probe, program, folder):
        self.probe = probe
        self.folder = folder
        self.program = program
        self.wrong = 0
        self.checks = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_key(self, name, subject, issuer=None, *extensions):
        words = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout",
                 self.path(name + ".key"), "-out", self.path(name + ".pem"),
                 "-subj", subject, "-x509", "-days", "30"]
        if issuer is not None:
            words += ["-CA", self.path(issuer + ".pem"), "-CAkey",
                      self.path(issuer + ".key")]
        for extension in extensions:
            words += ["-addext", extension]
        run(*words)
        if issuer is not None:
            with open(self.path(name + ".chain"), "w",
                      encoding="ascii") as out:
                for part in (name, issuer):
                    with open(self.path(part + ".pem"),
                              encoding="ascii") as f:
                        out.write(f.read())

    def sign(self, program, to, digest, *more):
        run("osslsigncode", "sign", "-certs", self.path("signer.chain"),
            "-key", self.path("signer.key"), "-h", digest, "-n", "A program",
            *more, "-in", program, "-out", self.path(to))
        return self.path(to)

    def ask(self, path):
        tree = modules.parse(modules.ask_probe(self.probe, "pe", path))
        return dict(modules.paths(tree["pe"]))

    def expect(self, values, path, expected):
        self.checks += 1
        if values.get(path) != expected:
            self.wrong += 1
            print("%s: %s, expected %s" % (path, values.get(path), expected))


def text(word):
    return '"%s"' % word


def thumbprint(path):
    line = run("openssl", "x509", "-in", path, "-noout", "-fingerprint",
               "-sha1")
    return text(line.split("=")[1].strip().replace(":", "").lower())


def serial(path):
    digits = run("openssl", "x509", "-in", path, "-noout",
                 "-serial").split("=")[1].strip().lower()
    return text(":".join(digits[i:i + 2] for i in range(0, len(digits), 2)))


def check_plain(case):
    signer = case.path("signer.pem")
    signed = case.sign(case.program, "signed", "sha256")
    values = case.ask(signed)
    at = "signatures[0]."
    for path, expected in (
            ("number_of_signatures", "1"), ("is_signed", "1"),
            (at + "verified", "1"), (at + "digest_alg", text("sha256")),
            (at + "subject", text("/C=DE/O=Makers/CN=Signer")),
            (at + "issuer", text("/CN=Some Root")),
            (at + "thumbprint", thumbprint(signer)),
            (at + "serial", serial(signer)), (at + "version", "3"),
            (at + "algorithm", text("sha256WithRSAEncryption")),
            (at + "number_of_certificates", "2"),
            (at + "number_of_countersignatures", "0"),
            (at + "signer_info.program_name", text("A program")),
            (at + "signer_info.digest_alg", text("sha256")),
            (at + "signer_info.length_of_chain", "2"),
            (at + "signer_info.chain[1].subject", text("/CN=Some Root"))):
        case.expect(values, path, expected)
    case.expect(values, at + "digest", values[at + "file_digest"])
    return signed


def check_changed(case, signed):
    """A byte of the program, and one of the signature, changed."""
    with open(signed, "rb") as f:
        data = bytearray(f.read())
    for name, at in (("program", 0x200), ("signature", len(data) - 100)):
        data[at] ^= 1
        path = case.path("changed-" + name)
        with open(path, "wb") as f:
            f.write(data)
        values = case.ask(path)
        case.expect(values, "is_signed", "0")
        case.expect(values, "signatures[0].verified", "0")
        data[at] ^= 1


def check_nested(case, signed):
    twice = case.sign(signed, "nested", "sha1", "-nest")
    values = case.ask(twice)
    for path, expected in (
            ("number_of_signatures", "2"),
            ("signatures[0].digest_alg", text("sha256")),
            ("signatures[0].verified", "1"),
            ("signatures[1].digest_alg", text("sha1")),
            ("signatures[1].verified", "1")):
        case.expect(values, path, expected)


def check_stamped(case):
    stamped = case.sign(case.program, "stamped", "sha256", "-TSA-certs",
                        case.path("stamp.chain"), "-TSA-key",
                        case.path("stamp.key"), "-TSA-time", "1600000000")
    values = case.ask(stamped)
    at = "signatures[0].countersignatures[0]."
    for path, expected in (
            ("signatures[0].verified", "1"),
            ("signatures[0].number_of_countersignatures", "1"),
            (at + "verified", "1"), (at + "sign_time", "1600000000"),
            (at + "digest_alg", text("sha256")),
            (at + "length_of_chain", "2"),
            (at + "chain[0].subject", text("/CN=Stamps"))):
        case.expect(values, path, expected)


def main():
    with tempfile.TemporaryDirectory() as folder:
        case = Case(sys.argv[1], sys.argv[2], folder)
        case.make_key("root", "/CN=Some Root")
        case.make_key("signer", "/C=DE/O=Makers/CN=Signer", "root",
                      "extendedKeyUsage=codeSigning")
        case.make_key("stamp", "/CN=Stamps", "root",
                      "extendedKeyUsage=critical,timeStamping")
        signed = check_plain(case)
        check_changed(case, signed)
        check_nested(case, signed)
        check_stamped(case)
    print("%d checks, %d wrong" % (case.checks, case.wrong))
    return 1 if case.wrong else 0


sys.exit(main())
