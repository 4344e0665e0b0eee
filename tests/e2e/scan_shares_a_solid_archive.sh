#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The members of a large archive that can only be unpacked from front to back are
# looked at by all cores. What is told does not depend on how many there are: the
# first detection, all of them and in which order, what is inconclusive, limits;
# and a worker that dies in the midst leaves no clean file behind.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

make_rules
mkdir in
i=0
while [ "$i" -lt 40 ]; do
    # Not so well packed that it would look like a bomb.
    head -c 60000 /dev/urandom >"in/good$i"
    i=$((i + 1))
done
make_eicar in/bad
make_eicar in/late
head -c 70000 /dev/urandom >>in/late
(cd in && tar cf inner.tar good1 bad good2 && gzip -q inner.tar)
(
    cd in || exit
    tar cf ../solid.tar good? inner.tar.gz good1? bad good2? good3? late
)
gzip -k solid.tar
xz -1 -k solid.tar
printf 'damaged' | dd of=solid.tar.gz bs=1 seek=1500000 conv=notrunc 2>/dev/null

# Runs overt with one worker and with others; all must tell the same.
same_with_any_number() {
    overt scan --no-cache --quiet --rules rules -j 1 "$@"
    one=$exit_code
    cp out one
    for n in 2 5; do
        overt scan --no-cache --quiet --rules rules -j "$n" "$@"
        [ "$exit_code" -eq "$one" ] || fail "exit $one with one worker: $*"
        cmp out one || fail "the number of workers shows: $*"
    done
}

for archive in solid.tar solid.tar.xz solid.tar.gz; do
    same_with_any_number "$archive"
    expect_exit 1
    same_with_any_number --all-matches --explain "$archive"
    expect_exit 1
    expect_text out "Test.Eicar"
    same_with_any_number --all-matches --max-files 20 "$archive"
    same_with_any_number --all-matches --max-scansize 4M "$archive"
    same_with_any_number --max-recursion 1 "$archive"
done
same_with_any_number --all-matches solid.tar.gz
expect_text out "INCONCLUSIVE"

tar cf clean.tar -C in good1 good2
for i in 1 2 3 4 5 6; do tar rf clean.tar -C in good3 good1 good2 good4; done
same_with_any_number clean.tar
expect_exit 0

# A member that takes a while, and no room on the disk.
make_large a_large
tar cf - a_large 2>/dev/null | head -c 512 >huge.tar
truncate -s +4G huge.tar
tar cf - -C in bad good1 >>huge.tar
overt_start scan -j 3 --all-matches --max-filesize 0 --max-scansize 0 \
    --rules rules huge.tar
wait_until is_scanning huge.tar
kill -9 "$worker_pid"
overt_wait
expect_text out "huge.tar: INCONCLUSIVE crashed"
expect_no_text out "1 clean"
