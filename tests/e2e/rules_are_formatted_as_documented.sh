#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# overt rules fmt prints, compares or replaces YARA sources; the rules that are
# shipped are in its form; what it makes of a source means the same.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # lib.sh sets it
shipped=$(dirname "$scenario_path")/../../rules
overt rules fmt --check "$shipped"/*.yar
[ "$exit_code" -eq 0 ] || cat out err >&2
expect_exit 0

cat >ugly.yar <<'EOF'
private rule   p:t1   t2{meta:x="y"// why
strings:$a={68 65??[4 - 6]( aa|bb )}  $b="text"wide
condition:not $a and(#b>3 or @b[ 1 ]== - 5)}
EOF
cp ugly.yar kept.yar
overt rules fmt ugly.yar
expect_exit 0
expect_line out 'private rule p : t1 t2'
expect_line out '        x = "y" // why'
# shellcheck disable=SC2016 # $ is YARA's
expect_line out '        $a = { 68 65 ?? [4-6] ( AA | BB ) }'
# shellcheck disable=SC2016
expect_line out '        not $a and (#b > 3 or @b[1] == -5)'
cp out wanted
cmp ugly.yar kept.yar || fail "it was changed without --write"

overt rules fmt --check ugly.yar
expect_exit 1
expect_line out ugly.yar
chmod 640 ugly.yar
overt rules fmt --write ugly.yar
expect_exit 0
cmp ugly.yar wanted
[ "$(stat -c %a ugly.yar)" = 640 ] || fail "the mode of the file has changed"
overt rules fmt --check ugly.yar
expect_exit 0

# A mistake is told with its place, and nothing is written.
printf 'rule a {\n condition: "no end\n}\n' >bad.yar
cp bad.yar kept.yar
overt rules fmt --write ugly.yar bad.yar nothere.yar
expect_exit 2
expect_text err "bad.yar:2: "
expect_text err "nothere.yar: "
cmp bad.yar kept.yar || fail "a file with a mistake was changed"
