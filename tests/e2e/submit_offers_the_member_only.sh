#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # names of lib.sh
# An archive with one malicious program among source code and marked documents:
# the program is offered, and nothing else ever. And nothing goes without its
# owner's word.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/cloud_regions.sh"

make_rules
region_start eu
"$CLOUD" manifest eu >keys
trust_publisher
log_keys keys
mkdir project
make_bad_program project/implant
printf '#include <stdio.h>\nint main(void)\n{\n    return 0;\n}\n' >project/tool.c
printf 'TOP-SECRET//CLASSIFIED\nThe plans are as follows.\n' >project/plans.txt
printf '%%PDF-1.4\n1 0 obj\n<< /Title (TOP-SECRET) >>\nendobj\n' >project/memo.pdf
tar -cf project.tar project

# Off unless said otherwise.
submit eu project.tar
expect_exit 2
expect_text err "submissions are off"
[ ! -d state/submissions ] || fail "something was kept"

# Nor in a mode of the cloud that its owner was told submits nothing.
for mode in off prefix; do
    "$OVERT" --state state cloud mode "$mode" --yes >out 2>err
    submit eu --mode auto --auto program project.tar
    expect_exit 2
    expect_text err "overt cloud mode contribute"
done
[ ! -d state/submissions ] || fail "something was kept"

# Who trusts nobody is told how that begins.
overt submit --state "$folder/nobody" --manifest "$folder/keys" --region eu \
    --mode ask --preview project.tar
expect_exit 2
expect_text err "overt update --root FILE comes first"

# The preview shows the program, field by field, and its bytes.
submit eu --mode ask --preview --hexdump project.tar
expect_exit 0
expect_text out "a program or library of $(stat -c %s project/implant) bytes, out of"
expect_text out "    type elf"
expect_text out "    rule Test.Eicar"
expect_text out "region eu (XX), Test eu"
expect_text out "|.ELF"
for word in project implant TOP-SECRET plans stdio "$folder/p"; do
    expect_no_text out "$word"
done
digest=$(sha256sum <project/implant | cut -d' ' -f1)
expect_text out "    sha256 $digest"
"$OVERT" --state state cloud mode contribute --yes >out 2>err

# The archive itself may hold the bytes as they are; it is no program.
submit eu --mode auto --auto program project.tar
expect_exit 0
expect_text out "sent as "
[ "$(grep -c '^sent as' out)" -eq 1 ] || fail "more than the program was sent"
expect_no_text out "TOP-SECRET"

# What the region opens is the program and its note: 4 KiB in all.
set -- eu/state/blobs/*/*
[ $# -eq 1 ] || fail "$# blobs"
[ "$(stat -c %s "$1")" -eq $((4096 + 16)) ] || fail "not one small envelope"

# Not twice; and never what somebody wrote, not even in auto.
submit eu --mode auto --auto program project.tar
expect_text out "it was sent before"
for file in project/tool.c project/plans.txt project/memo.pdf project.tar; do
    submit eu --mode auto --auto program "$file"
    expect_no_text out "sent as"
done
submit eu --mode auto --auto document project/memo.pdf
expect_exit 2
expect_text err "never sent without naming"

# A word of the owner's list holds a program back, until it is named.
make_bad_program marked "Project Heron"
submit eu --mode auto --auto program --marker heron marked
expect_no_text out "sent as"
expect_text out "a word of the owner's list"
submit eu --mode ask --marker heron \
    --approve "$(sha256sum <marked | cut -d' ' -f1)" marked
expect_text out "sent as "

# Nobody is at a terminal: asking comes to no.
make_bad_program third "3"
setsid "$OVERT" submit --state "$folder/state" --manifest "$folder/keys" \
    --region eu --server "$(cat eu.url)" --rules "$folder/rules" \
    --mode ask third >out 2>err </dev/null || fail "$(cat err)"
expect_text out "not sent"

# Each request is in the ledger, and so is what covers it.
overt outbound list --state "$folder/state"
[ "$(grep -c submit out)" -ge 2 ] || fail "the ledger has $(grep -c submit out)"

# Deleted by its name, with a receipt; the list tells.
submit eu --list
name=$(grep "$digest" out | cut -d' ' -f1)
submit eu --mode never --delete "$name"
expect_exit 0
submit eu --list
grep "$digest" out | grep -q '  deleted  ' || fail "not told as deleted"
grep -q '^kind deletion$' "state/submissions/$name.deletion" ||
    fail "no receipt for it"
set -- eu/state/blobs/*/*
[ $# -eq 1 ] || fail "the bytes are still there"
