#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A judge that never says anything is given up, and ended.
# shellcheck disable=SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules

# An installation of its own, whose judge only listens.
mkdir -p bin lib/overt
cp "$OVERT" bin/overt
printf '#!/bin/sh\necho $$ >%s/pid\nexec cat <&3\n' "$folder" \
    >lib/overt/overt-judge
chmod +x lib/overt/overt-judge
OVERT=$folder/bin/overt

overt rules build --max-silence 1 rules -o rules.img
expect_exit 2
expect_text err "the judge said nothing for 1 s"
[ ! -e rules.img ] || fail "an image was written"
! kill -0 "$(cat pid)" 2>/dev/null || fail "the judge goes on"
overt rules build --max-silence 0 rules -o rules.img
expect_exit 2
expect_text err "not a number of seconds"
