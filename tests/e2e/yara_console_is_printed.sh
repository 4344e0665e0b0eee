#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What rules print with YARA's module "console" comes out of the jail: as yara
# prints it, and in a scan's report; control characters do not.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

cat >rules.yar <<'RULES'
import "console"
import "math"
import "hash"
rule talks {
    condition:
        console.log("size ", filesize) and console.hex("first ", uint8(0)) and
        console.log(hash.md5(0, filesize)) and
        console.log("entropy ", math.entropy(0, filesize)) and
        console.log("esc \x1b[31m")
}
RULES
printf 'abcdefgh' >file

"$OVERT" yara rules.yar file >printed || fail "overt yara failed"
cat >expected <<'TEXT'
size 8
first 0x61
e8dc4081b13434b45189a720b77b6818
entropy 3.000000
esc \x1b[31m
talks file
TEXT
diff expected printed >&2 || fail "overt yara prints something else"
if command -v yara >/dev/null; then
    yara rules.yar file >theirs
    diff theirs printed >&2 || fail "yara prints something else"
fi

"$OVERT" scan --rules rules.yar file >report && fail "a rule holds"
grep -qx 'file: console: size 8' report || fail "the report has no lines"
"$OVERT" scan --rules rules.yar --json file >report && fail "a rule holds"
grep -qxF '{"type":"console","path":"file","text":"size 8"}' report ||
    fail "the JSON has no lines"
