#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # lib.sh sets folder
# overt allow: by finding, content, rule and path; with an end; a list that is
# damaged is an error, and nothing is allowed by it.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
printf 'Test.Other:0:*:6f74686572\n' >rules/other.ndb
mkdir files
make_eicar files/bad
{
    cat files/bad
    echo other
} >files/both
scan() {
    overt --state state scan --quiet --rules rules "$@"
}

scan files/bad
expect_exit 1
expect_line out 'files/bad: finding 275a021bbfb6'

# One command is enough.
overt --state state allow 275a021bbfb6 --reason 'our own test' --until 2d
expect_exit 0
expect_text out 'sha256 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f'
expect_text out ': our own test'
scan --verbose files/bad
expect_exit 0
expect_line out 'files/bad: trusted'
expect_no_text out 'Test.Eicar'
scan files/both
expect_exit 1
# It is not taken away either.
scan --quarantine files/bad
expect_exit 0
[ -e files/bad ] || fail 'an allowed file is gone'

overt --state state allow list
expect_exit 0
entry=$(cut -d ' ' -f 1 out)
overt --state state allow remove "$entry"
expect_exit 0
scan files/bad
expect_exit 1
overt --state state allow remove "$entry"
expect_exit 2
expect_text err 'no such entry'

# By rule: the other rules still count, though the scan ends at the first.
overt --state state allow --rule Test.Eicar --reason 'r' --until never
expect_exit 0
scan --no-cache files
expect_exit 1
expect_line out 'files/both: DETECTED Test.Other (other.ndb:1)'
expect_no_text out Test.Eicar
overt --state state allow --rule Test.Other --path "$folder/files/*" --reason r
expect_exit 0
scan --no-cache files
expect_exit 0
cp files/both elsewhere
scan elsewhere
expect_exit 1
# By another path to it, it is the same file.
ln -s "$folder/files" link
scan link/both
expect_exit 0
# What rules allow and could not be looked at whole is inconclusive.
mkdir zip
(cd zip && python3 - <<'END'
import zipfile
z = zipfile.ZipFile("z.zip", "w", zipfile.ZIP_DEFLATED)
z.writestr("a", open("../files/bad").read())
z.writestr("b", b"\0" * 3000000)
END
)
scan --max-filesize 1M zip/z.zip
expect_exit 3

# What has expired is listed, and does not work.
sed 's/"until":"[^"]*"/"until":"2001-01-01T00:00:00Z"/' state/allow >old
cat old >state/allow
overt --state state allow list
expect_text out ' EXPIRED 2001-01-01T00:00:00Z: rule Test.Eicar'
scan files/bad
expect_exit 1

# A mistake is told with its line, and nothing is allowed.
rm state/allow
overt --state state allow --rule Test.Eicar --reason r
scan files/bad
expect_exit 0
echo '{"id":"00000000"}' >>state/allow
scan files/bad
expect_exit 1
expect_text err 'state/allow:2: "reason" or "by" is missing'
expect_text err 'nothing is allowed by this list'
scan rules/test.ndb
expect_exit 2
overt --state state allow --rule x --reason r
expect_exit 2
expect_text err 'state/allow:2: '
rm state/allow

overt --state state allow 275a021bbfb6
expect_exit 2
expect_text err 'give a --reason'
overt --state state allow --reason r
expect_exit 2
overt --state state allow 123456789abc --reason r
expect_exit 2
expect_text err 'no such finding'
overt --state state allow --rule x --reason r --until 2001-01-01
expect_exit 2
expect_text err 'not a moment to come'

# Back from quarantine, and allowed.
scan --quarantine files/bad
expect_exit 1
overt --state state quarantine restore --allow 'false alarm' --until 30d 275a
expect_exit 0
expect_text out ': allowed by entry'
scan --quarantine files/bad
expect_exit 0
[ -e files/bad ] || fail 'it was taken again'
