#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt scan --profile-rules tells what each rule has cost, the dearest first,
# and the same for one worker and for several.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cat >rules.yar <<'EOF'
rule often { strings: $a = "needle" condition: #a > 1000000 }
rule once { strings: $a = "nothing else" condition: #a > 1 }
rule never { strings: $a = "is not there" condition: $a }
rule always { condition: filesize < 0 }
EOF
mkdir d
for n in 1 2 3; do
    yes "a needle in here" | head -n "${n}000" >"d/$n"
done
echo "and nothing else" >>d/2

overt scan --profile-rules --rules rules.yar -q d
expect_exit 0
sed -n '/ rule$/,$p' out >table
[ "$(wc -l <table)" -eq 4 ] || fail "not a line for each rule that cost something"
sed -n 2p table | grep -q ' 3  often (rules.yar:1)$' ||
    fail "the dearest rule is not the first"
expect_no_text table never
grep -q ' 1 .* 1  once (rules.yar:2)$' table || fail "once is not told"
grep -q ' 0 .* 3 .* 3  always (rules.yar:4)$' table || fail "always is not told"
sort table >of_all
overt scan --profile-rules --rules rules.yar -q -j 1 d
sed -n '/ rule$/,$p' out | sort | diff of_all - ||
    fail "one worker counts otherwise"

# Files that are known to be clean are looked at, too.
overt scan --profile-rules --rules rules.yar -q d
sed -n '/ rule$/,$p' out | sort | diff of_all - || fail "a second scan differs"

overt scan --profile-rules --rules rules.yar --json d
expect_exit 0
grep -F '"type":"cost","rule":"often","source":"rules.yar","line":1' out |
    grep -q '"tried":[1-9][0-9]*,"evaluated":3,"files":3}' ||
    fail "counts are not exact"
