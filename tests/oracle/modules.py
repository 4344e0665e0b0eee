#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what modules say of files with `yara -D`.

usage: modules.py PROBE MODULE [--rounds N] [--seed N] [FILE|FOLDER...]

Every field of the module must have the same value and the same place, but for
the differences between yara's versions that DIFFERENCES lists: this project
follows 4.5, Debian 12 has 4.2. Besides the files as they are, N changed ones
(bits flipped, ends cut off) are compared. Without files, whatever this machine
has of the module's formats is taken. Exits with 77 if there is nothing to
compare with."""
import argparse
import fnmatch
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import make_samples

# MODULE: (names that yara has otherwise, what only we have, what only yara has
# or gives other values for), as patterns of paths: "sections[*].name".
DIFFERENCES = {
    "dotnet": ({}, ["classes*", "number_of_classes"], []),
    "elf": ({}, [
        "osabi", "*.visibility", "OSABI_*", "STV_*", "ET_LOPROC", "ET_HIPROC",
        "EM_IAMCU", "EM_S370", "SHT_INIT_ARRAY", "SHT_FINI_ARRAY",
        "PT_GNU_RELRO", "PT_GNU_PROPERTY", "DT_LOOS", "DT_HIOS", "DT_VALRNG*",
        "DT_ADDRRNG*", "DT_VER*", "DT_RELACOUNT", "DT_RELCOUNT", "DT_FLAGS_1",
        "DT_LOPROC", "DT_HIPROC"], []),
    "dex": ({}, ["field[*].static", "field[*].instance",
                 "TYPE_HIDDENAPI_CLASS_DATA_ITEM"], []),
    "macho": ({}, ["*.filesize", "fat_arch[*].reserved"], []),
    "pe": (
        {"delay_import_details": "delayed_import_details"},
        ["rich_signature.version_data",
         "rich_signature.tools*", "export_details[*].rva",
         "*_details[*].functions[*].rva", "is_signed",
         "signatures[*].verified", "signatures[*].*digest*",
         "signatures[*].number_of_*", "signatures[*].certificates*",
         "signatures[*].signer_info*", "signatures[*].countersignatures*"],
        # 4.2 never fills in the details of delayed imports.
        ["delayed_import_details[*"]),
}

# What 4.2 gives without its last byte.
SHORT = {"dotnet": ["constants[*]", "assembly_refs[*].public_key_or_token"]}

# What is not compared in changed files: what is left of a signature, and places
# behind the end of a section in memory, which 4.2 does not find.
CHANGED = {"pe": ["signatures*", "number_of_signatures",
                  "export_details[*].offset", "resources[*].offset"]}


def mend_pe(tree):
    """What 4.2 has otherwise: functions are numbered on from library to
    library, and those with impossible names are listed; libraries without
    functions are counted; exports whose bytes are not in the file are at -1."""
    pe = tree["pe"]
    for export in pe["export_details"].values():
        if export["offset"] == "-1":
            export["offset"] = "YR_UNDEFINED"
    count = 0
    for library in pe["import_details"].values():
        functions = [f for f in library["functions"].values()
                     if re.fullmatch(r'"[\w.?@$()<>]+"', f["name"])]
        count += len(functions)
        library["number_of_functions"] = str(len(functions))
        library["functions"] = {
            "[%d]" % i: f for i, f in enumerate(functions)}
    libraries = [l for l in pe["import_details"].values() if l["functions"]]
    pe["import_details"] = {"[%d]" % i: l for i, l in enumerate(libraries)}
    if "number_of_imports" in pe and pe["is_pe"] == "1":
        pe["number_of_imports"] = str(len(libraries))
        pe["number_of_imported_functions"] = str(count)


def unlike_pe(tree):
    """Whether 4.2 takes another view of the whole file than 4.5: directories
    that the header does not count, addresses behind a section's end in memory
    that are in the file."""
    pe = tree["pe"]
    if pe["is_pe"] == "0":
        return False
    return int(pe["number_of_rva_and_sizes"]) < 16 or any(
        int(s["raw_data_size"]) > (int(s["virtual_size"]) + 4095) // 4096 * 4096
        or int(s["raw_data_offset"]) % 512 for s in pe["sections"].values())


def unlike_dotnet(tree):
    """4.2 gives up at shorter tables, and skips resources in other files."""
    net = tree["dotnet"]
    return net["is_dotnet"] == "1" and (
        net["number_of_resources"] == "0" or
        net["number_of_assembly_refs"] == "YR_UNDEFINED")


MEND = {"pe": mend_pe}
UNLIKE = {"dotnet": unlike_dotnet, "pe": unlike_pe}

SAMPLES = {
    "dotnet": (["/usr/lib/mono", "/usr/lib/cli"],
               lambda head: head.startswith(b"MZ")),
    "elf": (["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/lib/gcc",
             "/usr/share/clamav-testfiles", "/usr/mips-linux-gnu",
             "/usr/s390x-linux-gnu"],
            lambda head: head.startswith(b"\x7fELF")),
    "macho": ([], lambda head: True),
    "dex": ([], lambda head: True),
    "pe": (["/usr/share/clamav-testfiles", "/usr/lib/python3",
            "/usr/lib/x86_64-linux-gnu/wine", "/usr/lib/mono",
            "/usr/lib/systemd/boot", "/usr/lib/shim", "/usr/lib/grub"],
           lambda head: head.startswith(b"MZ")),
}


def parse(lines):
    """Nested dictionaries; a value is its text, "" if there is nothing."""
    root = {}
    open_at = [root]
    for line in lines:
        depth = len(line) - len(line.lstrip("\t")) + 1
        name, equals, value = line.strip("\t").partition(" = ")
        del open_at[depth:]
        if len(open_at) != depth:
            raise ValueError("strange line: %r" % line)
        if equals:
            open_at[-1][name] = value
        else:
            open_at[-1][name] = {}
            open_at.append(open_at[-1][name])
    return root


def paths(tree, prefix=""):
    """The places of values, as in "sections[0].name"."""
    for name, value in tree.items():
        path = prefix + name if name.startswith("[") or not prefix \
            else prefix + "." + name
        yield path, value if isinstance(value, str) else "{}"
        if not isinstance(value, str):
            yield from paths(value, path)


def among(path, patterns):
    path = path.replace("[", "<").replace("]", ">")
    return any(fnmatch.fnmatchcase(path, p.replace("[", "<").replace("]", ">"))
               for p in patterns)


def renamed(path, names):
    for theirs, ours in names.items():
        if path == theirs or path.startswith((theirs + "[", theirs + ".")):
            return ours + path[len(theirs):]
    return path


def shortened(text):
    """Without the last byte."""
    return re.sub(r'(\\x[0-9a-f]{2}|[^"])"$', '"', text)


def compare(module, ours, theirs, is_changed):
    names, only_ours, not_theirs = DIFFERENCES.get(module, ({}, [], []))
    if is_changed:
        not_theirs = not_theirs + CHANGED.get(module, [])
    ours = [(p, v) for p, v in paths(ours[module])
            if not among(p, only_ours) and not among(p, not_theirs)]
    ours = [(p, shortened(v) if among(p, SHORT.get(module, [])) else v)
            for p, v in ours]
    theirs = [(renamed(p, names), v) for p, v in paths(theirs[module])]
    theirs = [(p, v) for p, v in theirs if not among(p, not_theirs)]
    mine, other = dict(ours), dict(theirs)
    wrong = ["%s: %s, yara: %s" % (p, mine.get(p), v)
             for p, v in theirs if mine.get(p) != v]
    wrong += ["%s: %s, yara: nothing" % (p, v)
              for p, v in ours if p not in other]
    if not wrong and [p for p, _ in ours] != [p for p, _ in theirs]:
        wrong = ["in another order"]
    return wrong


def ask_yara(rule, path):
    run = subprocess.run(["yara", "-D", rule, path], capture_output=True,
                         timeout=300)
    text = run.stdout.decode("latin-1")
    lines = text.split("\n")
    while lines and not lines[-1].startswith("always "):
        lines.pop()
    return lines[:-1] if lines else None


def ask_probe(probe, module, path):
    run = subprocess.run([probe, module, path], capture_output=True,
                         timeout=300)
    if run.returncode != 0:
        return ["exit %d" % run.returncode]
    return run.stdout.decode("latin-1").split("\n")[1:-1]


def changed(data, rng):
    data = bytearray(data)
    way = rng.randrange(4)
    if way == 0:
        return data[:rng.randrange(len(data) + 1)]
    near = len(data) if way == 1 else min(len(data), 1024)
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(near)
        data[at] = rng.choice((0, 0xff, data[at] ^ 1 << rng.randrange(8),
                               rng.randrange(256)))
    return data


def files_below(places, limit):
    for place in places:
        if os.path.isfile(place):
            yield place
        for folder, _, names in os.walk(place):
            for name in sorted(names):
                path = os.path.join(folder, name)
                if os.path.isfile(path) and os.path.getsize(path) <= limit:
                    yield path


def samples(module):
    places, wanted = SAMPLES.get(module, (["/usr/bin"], lambda head: True))
    for path in files_below(places, 4 << 20):
        try:
            with open(path, "rb") as f:
                if wanted(f.read(64)):
                    yield path
        except OSError:
            continue


def made_samples(module, count, folder, rng):
    for i in range(count):
        path = os.path.join(folder, "made-%d" % i)
        with open(path, "wb") as f:
            f.write(make_samples.make(module, rng))
        yield path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("module")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-files", type=int, default=40)
    parser.add_argument("places", nargs="*")
    args = parser.parse_args()
    if shutil.which("yara") is None:
        print("no yara here")
        return 77
    seed = args.seed
    rng = random.Random(seed)
    print("seed", seed)
    if args.places:
        files = list(files_below(args.places, 1 << 30))
    else:
        files = list(samples(args.module))
        files = rng.sample(files, min(len(files), args.max_files))

    n_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        if not args.places and args.module in make_samples.MAKERS:
            files += list(made_samples(args.module, args.max_files, folder,
                                       rng))
        if not files:
            print("no files to compare")
            return 77
        rule = os.path.join(folder, "rule.yar")
        with open(rule, "w", encoding="ascii") as f:
            f.write('import "%s" rule always { condition: true }\n' %
                    args.module)
        work = [(path, None) for path in files]
        work += [(rng.choice(files), i) for i in range(args.rounds)]
        for path, i in work:
            shown = path
            if i is not None:
                with open(path, "rb") as f:
                    data = changed(f.read(4 << 20), rng)
                shown = "%s, change %d" % (path, i)
                path = os.path.join(folder, "changed")
                with open(path, "wb") as f:
                    f.write(data)
            theirs = ask_yara(rule, path)
            if theirs is None:
                print("%s: yara gives up" % shown)
                continue
            theirs = parse(theirs)
            if args.module in UNLIKE and UNLIKE[args.module](theirs):
                print("%s: not alike in yara's versions" % shown)
                continue
            MEND.get(args.module, lambda tree: None)(theirs)
            wrong = compare(args.module,
                            parse(ask_probe(args.probe, args.module, path)),
                            theirs, i is not None)
            if wrong:
                n_wrong += 1
                print("%s: %d differences" % (shown, len(wrong)))
                for line in wrong[:10]:
                    print("    " + line)
                if i is not None:
                    kept = os.path.join(tempfile.gettempdir(),
                                        "changed-%d-%d" % (seed, i))
                    shutil.copy(path, kept)
                    print("    " + kept)
    print("%d files compared, %d differ" % (len(work), n_wrong))
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
