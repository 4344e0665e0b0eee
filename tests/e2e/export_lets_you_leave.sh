#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What overt export writes is loaded by clamscan and yara, and finds the same
# samples; what a format has no words for is listed.
# shellcheck disable=SC2016,SC2154 # a $ of YARA; names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# record ID KIND FILE: as docs/protocol-rules.md has it.
record() {
    printf 'record %s 1 7 %s %s\n' "$1" "$2" "$(wc -c <"$3")"
    cat "$3"
}

mkdir release samples
echo 'the first malicious word' >samples/body
echo 'zz bad start ... and a bad end' >samples/gap
echo 'known by its digest' >samples/digest
echo 'the yara sample is here' >samples/yara
echo 'a rule that is withdrawn' >samples/old
echo 'nothing' >samples/good
hex() { printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; }
{
    printf 'Test.Body-1:0:*:%s' "$(hex malicious)"
    printf '\nTest.Gap-2:0:3:%s{3-20}%s\n' "$(hex 'bad start')" \
        "$(hex 'bad end')"
    printf 'Test.Mail-3:4:*:%s\n' "$(hex 'some mail')"
} >a.ndb
printf 'Test.Old-9:0:*:%s\n' "$(hex withdrawn)" >old.ndb
printf '%s:%s:Test.Digest-4\n' \
    "$(md5sum samples/digest | cut -d' ' -f1)" \
    "$(wc -c <samples/digest)" >b.hdb
printf 'rule Test_Yara { strings: $a = "yara sample" condition: $a }' >c.yar
{
    record feed/a.ndb ndb a.ndb
    record feed/old.ndb ndb old.ndb
} >release/records.0
{
    printf 'overt-delta/v1 1 2 1\ndelete feed/old.ndb\n'
    record feed/b.hdb hdb b.hdb
    record mine/c yar c.yar
} >release/delta

overt export clamav as-clamav --release release
expect_exit 0
expect_line out '4 exported, 1 not: not-exported.txt'
expect_text as-clamav/not-exported.txt 'mine/c	yar'
overt scan --no-cache --rules as-clamav samples
expect_exit 1
sed -n 's/^samples.\([a-z]*\): .*\(Test[^ ]*\).*/\1 \2/p' out | sort >found
if command -v clamscan >/dev/null; then
    clamscan --no-summary -d as-clamav samples >clamscan.out || :
    sed -n 's/^.*samples.\([a-z]*\): \(.*\).UNOFFICIAL FOUND/\1 \2/p' \
        clamscan.out | sort >others
    diff others found || fail 'clamscan finds something else'
fi
[ "$(wc -l <found)" -eq 3 ] || fail "$(cat found)"

overt export yara as-yara --release release
expect_exit 0
expect_line out '3 exported, 2 not: not-exported.txt'
expect_text as-yara/not-exported.txt 'Test.Mail-3	ndb'
expect_text as-yara/not-exported.txt 'feed/b.hdb	hdb'
if command -v yara >/dev/null; then
    for rules in as-yara/*.yar; do
        yara "$rules" -r samples || fail "$rules: yara refuses it"
    done | sort >others
    printf '%s\n' 'N1_Test_Body_1 samples/body' 'N2_Test_Gap_2 samples/gap' \
        'Test_Yara samples/yara' >wanted
    diff others wanted || fail 'yara finds something else'
fi

overt export yara as-yara --release release
expect_exit 2
expect_text err 'File exists'
printf 'record x' >release/delta
overt export yara again --release release
expect_exit 2
expect_text err truncated
