#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A worker is hostile from its first byte. One that says what it must not makes
# its file inconclusive, never clean, and harms nobody else.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

command -v python3 >/dev/null || skip "no python3"
make_rules
echo good >good
overt rules build rules -o rules.img
expect_exit 0
overt status
fingerprint=$(sed -n 's/^worker .*profile \([0-9a-f]*\).*/\1/p' out)
[ -n "$fingerprint" ] || fail "status tells no profile"

# An installation of its own, with a liar as its worker.
mkdir -p bin lib/overt
cp "$OVERT" bin/overt
cp "$(dirname "$0")/liar.py" lib/overt/overt-worker
echo "$fingerprint" >lib/overt/fingerprint
sed -n 's/^OV_MSG(OV_MSG_\([A-Z_]*\),.*/\1/p' \
    "$(dirname "$scenario_path")/../../src/sys/ipc.def" >lib/overt/messages
OVERT=$folder/bin/overt

echo none >lib/overt/lie
overt scan --no-cache --rules rules.img good
expect_exit 0
expect_text out "1 clean"

lies=$(lib/overt/overt-worker list)
[ -n "$lies" ] || fail "no lies"
for lie in $lies; do
    echo "$lie" >lib/overt/lie
    overt scan --no-cache --max-scantime 20 -j 2 --rules rules.img good
    case $lie in
    flood) expect_exit 1 ;;
    *) expect_exit 3 ;;
    esac
    grep -q "^good: INCONCLUSIVE crashed" out || fail "$lie is believed"
    expect_text out "0 clean"
done

for lie in garbage_first other_build; do
    echo "$lie" >lib/overt/lie
    overt scan --no-cache --rules rules.img good
    expect_exit 2
    [ ! -s out ] || fail "$lie: something was scanned"
done
