#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The same sources give the same image, whatever the number of threads and the
# folder; lines at fault are named and nothing is written; a damaged image is
# refused.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
echo 'Second:0:*:7365636f6e642072756c65' >rules/second.ndb
overt rules build rules -o one.img -j 1
expect_exit 0
cp -r rules elsewhere
overt rules build elsewhere -o two.img
expect_exit 0
cmp one.img two.img || fail "the image depends on the folder or the threads"

overt rules list one.img
expect_exit 0
expect_text out "Test.Eicar"
expect_text out "second.ndb:1"
overt rules check one.img
expect_exit 0
overt rules check --slow one.img
expect_exit 0
[ ! -s out ] || fail "an image without slow strings has some"
cat >slow.yar <<'EOT'
rule r
{
  strings:
    $a = "fine and long"
    $b = { 41 ?? 42 }
  condition:
    any of them
}
EOT
overt rules build slow.yar -o slow.img
expect_exit 0
overt rules check --slow slow.img
expect_exit 0
expect_text out "slow.yar:1: rule r, string \$b: no two bytes in a row"
overt rules dump one.img
expect_exit 0
overt rules dump one.img Second
expect_exit 0
expect_text out "rule Second"
overt rules dump one.img Missing
expect_exit 2

printf 'Good:0:*:61626364656667\nBad:0:*:zz\n' >rules/bad.ndb
overt rules build rules -o bad.img
expect_exit 2
expect_text err "bad.ndb:2:"
[ ! -e bad.img ] || fail "an image was written"
overt rules build --skip-errors rules -o bad.img
expect_exit 2
overt rules list bad.img
expect_exit 0
expect_text out "Good"

# The same can be asked about the sources.
overt rules list rules
expect_exit 2
expect_text out "Good"
expect_text err "bad.ndb:2:"
overt rules check rules/second.ndb slow.yar
expect_exit 0
expect_text out "body"
expect_text out "yara"
overt rules dump rules/second.ndb Second
expect_exit 0
expect_text out "second.ndb:1"
printf 'Bad:0:*:zz\n' >none.ndb
overt rules check none.ndb
expect_exit 2
expect_text err "none of these rules can be used"
[ ! -s out ] || fail "there is something to tell of no rule"
overt scan --rules none.ndb good
expect_exit 2
expect_text err "none of these rules can be used"
[ ! -s out ] || fail "a file was looked at without a rule"

# A scan goes on with the others, tells, and is no success.
echo good >good
overt scan --rules rules good
expect_exit 2
expect_text err "bad.ndb:2:"

overt rules build rules/missing.ndb -o none.img
expect_exit 2
overt rules build good -o none.img
expect_exit 2

for at in 9 100 4100; do
    cp one.img damaged.img
    printf '\377' | dd of=damaged.img bs=1 seek="$at" conv=notrunc status=none
    overt rules list damaged.img
    expect_exit 2
done

# An image that another version made is told apart from a damaged one.
cp one.img older.img
printf '\001\000\000\000\013\000\000\000' |
    dd of=older.img bs=1 seek=8 conv=notrunc status=none
for command in "scan --rules older.img good" "rules list older.img" \
    "clamscan -d older.img good"; do
    # shellcheck disable=SC2086
    overt $command
    expect_exit 2
    expect_text err "the image was made by another version of overt: build it again with overt rules build"
done

head -c 3000 one.img >cut.img
overt scan --rules cut.img good
expect_exit 2

# What compiling has made, the dearest first; nothing of it depends on threads.
cat >costs.yar <<'END'
rule of_two { strings: $a = "hello there" wide ascii $b = "x1y2z3" condition: all of them }
rule of_a_regex { strings: $a = /abc(d|e)f{2,30}.{0,200}xyz/ condition: $a }
rule of_none { condition: filesize > 3 and filename == "x" }
END
overt rules check --profile-rules -j 1 costs.yar
expect_exit 0
cp out costs.1
overt rules check --profile-rules -j 3 costs.yar
cmp out costs.1 || fail "costs depend on threads"
awk 'NR > 1 { print $2, $3, $6, $7 }' out >costs.2
cat >costs.3 <<'END'
1 1 of_a_regex (costs.yar:2)
2 3 of_two (costs.yar:1)
0 0 of_none (costs.yar:3)
END
diff costs.2 costs.3 || fail "other costs"
awk 'NR > 1 && ($1 > last && NR > 2 || $1 < $4 + $5) { exit 1 } { last = $1 }' out ||
    fail "costs are not in order, or do not add up"
overt rules check --profile-rules costs.yar one.img
expect_exit 2
