#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example of docs/rules.md does what is written there, and a rule at fault is
# named with its place.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2154 # set by lib.sh
doc=$(dirname "$scenario_path")/../../docs/rules.md

# block LANGUAGE FILE: the first block of that language.
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$doc" | sed '1d;$d' >"$2"
    [ -s "$2" ] || fail "docs/rules.md has no block of $1"
}

block yara example.yar
block sh example.sh
overt scan --rules example.yar example.sh
expect_exit 1
documented=$(grep '^example.sh: ' "$doc")
expect_line out "$documented"

# Without its pipe it is not found.
sed 's/|/;/' example.sh >other.sh
overt scan --rules example.yar other.sh
expect_exit 0

cat >bad.yar <<'END'
rule r {
    condition:
        $b
}
END
overt rules build bad.yar -o bad.img
expect_exit 2
expect_text err "bad.yar:3"
expect_text err "the rule has no such string; declare it: rule r, column 9: '\$b'"

# What is not taken leaves one rule out, and is said.
cat >some.yar <<'END'
import "vt"
rule taken { condition: filesize > 0 }
rule not_taken { condition: vt.metadata.file_type == 1 }
END
overt rules build some.yar -o some.img
expect_exit 0
expect_text out "1 rules"
overt rules check some.img
expect_text out "this module is not taken"
expect_text out "some.yar:3: rule not_taken, column 29: 'vt'"
overt scan --rules some.img example.sh
expect_exit 1
expect_text out "DETECTED taken (some.yar:2)"
