#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# YARA rules may ask a scan for the file's name, folder, extension, type and
# owner; what is remembered as clean is so under its name only. overt yara has no
# such variables, as yara.
# shellcheck disable=SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

cat >names.yar <<'RULES'
rule by_name { condition: filename == "bad.Txt" }
rule by_folder { condition: filepath endswith "/place/deep" }
rule by_extension { condition: extension == ".txt" }
rule by_type { condition: filetype == "EXE" or filetype == "GIF" }
rule by_owner { condition: owner matches /^[a-z_]/ and filename == "mine" }
RULES
mkdir -p place/deep
printf 'some text' >place/good
printf 'some text' >place/bad.Txt
printf 'GIF89a\1\0\1\0\200\0\0' >place/picture
cp place/good place/deep/x
cp place/good place/mine
cp place/good place/.txt

overt scan --all-matches --rules names.yar place
expect_exit 1
grep -o '^place.*DETECTED [a-z_]*' out | sort >found
diff - found <<'TEXT' || fail "other rules hold"
place/bad.Txt: DETECTED by_extension
place/bad.Txt: DETECTED by_name
place/deep/x: DETECTED by_folder
place/mine: DETECTED by_owner
place/picture: DETECTED by_type
TEXT

# The same from another folder; and of members of archives their own names.
(cd place && "$OVERT" scan --rules ../names.yar deep) >found &&
    fail "a relative path has no folder"
tar cf place/deep.tar -C place good bad.Txt
overt scan --all-matches --rules names.yar place/deep.tar
expect_exit 1
grep -q 'by_name in bad.Txt' out || fail "a member has no name"
[ "$(grep -c "DETECTED by_name" out)" = 1 ] || fail "another member has that name"

# So do they in place of clamscan, whose engine knows no such names.
overt clamscan --no-summary -d names.yar place/bad.Txt place/good
expect_exit 1
expect_text out "place/bad.Txt: YARA.by_name.UNOFFICIAL FOUND"
expect_text out "place/good: OK"

# A link to a file that is known as clean is another name of it.
mkdir tree
printf 'some text' >tree/plain
wait_until is_settled tree/plain
overt scan --rules names.yar tree
expect_exit 0
overt scan --rules names.yar tree
expect_text out "1 of these unchanged"
ln tree/plain tree/bad.Txt
overt scan --rules names.yar tree
expect_exit 1
expect_text out "by_name"

# Folders may be renamed without any change of what is in them.
mkdir -p moved/other
printf 'other' >moved/other/x
wait_until is_settled moved/other/x
overt scan --rules names.yar moved
expect_exit 0
mkdir moved/place
mv moved/other moved/place/deep
overt scan --rules names.yar moved
expect_exit 1
expect_text out "by_folder"

# yara's own command defines nothing by itself, and takes what is given.
overt yara names.yar place/good
expect_exit 1
expect_text err "'filename'"
overt yara -d filename=bad.Txt -d filepath=x -d extension=.txt \
    -d filetype=x -d owner=x names.yar place/good
expect_line out "by_name place/good"
overt scan -d filename=given --rules names.yar place/bad.Txt
expect_exit 1
grep -q by_name out && fail "what is given does not count"
exit 0
