#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# YARA rules may ask overtd for a file's name, folder, extension and owner, too;
# what has no name (a stream) has empty ones, and what is remembered as clean is
# so under its name only.
# shellcheck disable=SC2154 # lib.sh sets folder and the like
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# expect FILE ANSWER
expect() {
    clamd_ask "zSCAN $folder/$1\\0" >out
    expect_line out "$folder/$1: $2"
}

mkdir -p rules place/deep
cat >rules/names.yar <<'RULES'
rule by_name { condition: filename == "bad.Txt" }
rule by_folder { condition: filepath endswith "/place/deep" }
rule by_extension { condition: extension == ".sct" }
rule by_owner { condition: owner matches /^[a-z_]/ and filename == "mine" }
rule by_none {
    strings: $a = "nameless"
    condition: $a and filename == "" and filepath == "" and owner == ""
}
RULES
printf 'some text' >place/good
for name in bad.Txt x.SCT mine deep/x; do
    cp place/good "place/$name"
done
overtd_start </dev/null
expect place/good OK
expect place/bad.Txt "YARA.by_name.UNOFFICIAL FOUND"
expect place/x.SCT "YARA.by_extension.UNOFFICIAL FOUND"
expect place/mine "YARA.by_owner.UNOFFICIAL FOUND"
expect place/deep/x "YARA.by_folder.UNOFFICIAL FOUND"
expect_answer 'zINSTREAM\0\0\0\0\010nameless\0\0\0\0' \
    'stream: YARA.by_none.UNOFFICIAL FOUND\n'
printf nameless >place/named
expect place/named OK

# Folders may be renamed without any change of what is in them.
mkdir -p moved/other
printf 'other' >moved/other/x
wait_until is_settled moved/other/x
expect moved/other/x OK
expect moved/other/x OK
mkdir moved/place
mv moved/other moved/place/deep
expect moved/place/deep/x "YARA.by_folder.UNOFFICIAL FOUND"
overtd_stop
exit 0
