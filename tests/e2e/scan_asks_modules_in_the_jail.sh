#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Rules ask the modules pe and dotnet about programs; a signature is parsed and
# verified inside of the jail.
corpus=$(readlink -f "$(dirname "$0")/../fuzz/corpus")
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

cp "$corpus/module_pe/signed" signed.exe
cp "$corpus/module_pe/tables" tables.exe
cp "$corpus/module_dotnet/program" net.dll
cat >rules.yar <<'RULES'
import "pe"
import "dotnet"

rule is_signed {
    condition:
        pe.is_signed and pe.number_of_signatures == 2 and
        pe.signatures[1].countersignatures[0].verified and
        for all s in pe.signatures : (s.subject == "/CN=Fuzz")
}

rule has_tables {
    condition:
        pe.imports("one.dll", "first") and pe.imports(/^ws2/i, /^acc/) == 1 and
        pe.exports("plain") and pe.section_index(".sect") == 0 and
        pe.imphash() == "IMPHASH" and not defined pe.is_signed and
        for any r in pe.resources : (r.language == 0x409)
}

rule has_class {
    condition:
        dotnet.is_dotnet and
        for any c in dotnet.classes : (
            c.fullname == "Space.Outer.Inner" and
            c.methods[0].parameters[0].type == "System.List<string>[]")
}
RULES
hash=$(printf 'one.first,ws2_32.accept,ws2_32.ord30583' | md5sum | cut -c1-32)
sed -i "s/IMPHASH/$hash/" rules.yar

overt yara rules.yar signed.exe
expect_exit 0
expect_line out "is_signed signed.exe"
overt yara rules.yar tables.exe
expect_line out "has_tables tables.exe"
overt yara rules.yar net.dll
expect_line out "has_class net.dll"

# A byte of the program changed: the signature is there, and not verified.
printf X | dd of=signed.exe bs=1 seek=520 conv=notrunc 2>/dev/null
overt yara rules.yar signed.exe
expect_exit 0
expect_no_text out "is_signed"
