#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The second scan of an unchanged tree scans nothing. A change of content shows
# even if size and modification time are as before; so do other rules, other
# options, and a damaged or foreign cache is as good as none.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

unchanged() {
    expect_text out "$1 of these unchanged"
}

make_rules
mkdir files
make_eicar eicar
head -c "$(stat -c %s eicar)" /dev/zero >files/a
echo b >files/b
wait_until is_settled files/b

overt scan --rules rules files
expect_exit 0
expect_no_text out "unchanged"
overt scan --rules rules files
expect_exit 0
unchanged 2
overt scan --no-cache --rules rules files
expect_no_text out "unchanged"
overt scan --unwanted --rules rules files
expect_no_text out "unchanged"

echo 'Other:0:*:6f746865722072756c65' >rules/other.ndb
overt scan --rules rules files
expect_no_text out "unchanged"
rm rules/other.ndb

# The same size and the same modification time.
touch -r files/a stamp
cat eicar >files/a
touch -r stamp files/a
overt scan --rules rules files
expect_exit 1
expect_line out "files/a: DETECTED Test.Eicar (test.ndb:1)"
unchanged 1

# What was detected is told again.
overt scan --rules rules files
expect_exit 1

# Who has a page of it mapped goes on writing without a trace in its times.
mkdir mapped
map_start mapped/a eicar
wait_until is_settled mapped/a
overt scan --rules rules mapped
expect_exit 0
map_write
map_stop
overt scan --rules rules mapped
expect_exit 1

for cache in "$XDG_CACHE_HOME"/overt/verdicts-*; do
    printf 'x' | dd of="$cache" bs=1 seek=3000 conv=notrunc status=none
done
overt scan --rules rules files/b
expect_exit 0
expect_no_text out "unchanged"
overt scan --rules rules files/b
unchanged 1
chmod g+w "$XDG_CACHE_HOME"/overt/verdicts-*
overt scan --rules rules files/b
expect_no_text out "unchanged"
