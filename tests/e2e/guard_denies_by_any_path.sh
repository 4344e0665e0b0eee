#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A bad file on a guarded file system is denied by every path that leads to it,
# also by those made later; a good one is not; what is no file goes on.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

mkdir guarded/sub outside merged upper_place
echo EVIL >guarded/sub/bad
echo good >guarded/good
printf '#!/bin/sh\nexit 5\n' >guarded/run
printf '#!/bin/sh\n# EVIL\nexit 5\n' >guarded/run_bad
chmod 755 guarded/run guarded/run_bad
: >guarded/empty
mkfifo guarded/pipe

warden exec,open 20000
expect_open guarded/good
expect_open guarded/empty
expect_denied guarded/sub/bad
code=0
guarded/run || code=$?
[ "$code" -eq 5 ] || fail "a good program cannot be executed"
code=0
guarded/run_bad 2>/dev/null || code=$?
[ "$code" -eq 126 ] || fail "a bad program can be executed"
expect_asked empty 0

# A pipe's opening is not ours: it needs no answer, and nobody reads it.
echo through >guarded/pipe &
read -r line <guarded/pipe
[ "$line" = through ] || fail "a pipe does not work"
expect_asked pipe 0

# Another name, and another mount made later.
ln guarded/sub/bad guarded/hard
expect_denied guarded/hard
mount --bind guarded/sub outside
expect_denied outside/bad
unshare -m sh -c 'mkdir -p b && mount --bind guarded/sub b && cat b/bad' \
    >/dev/null 2>&1 && fail "a bind mount in another namespace is not denied"

# A file system mounted below it later.
mkdir guarded/disk
mount -t tmpfs disk guarded/disk
wait_until has_text told "told $guarded/disk is guarded"
echo EVIL >guarded/disk/bad
expect_denied guarded/disk/bad

# An overlay opens the files below it without a word; it is guarded itself.
mount -t tmpfs upper upper_place
mkdir upper_place/upper upper_place/work
mount -t overlay overlay \
    -o "lowerdir=$guarded/sub,upperdir=upper_place/upper,workdir=upper_place/work" \
    merged
is_denied() { ! can_open "$1"; }
wait_until is_denied merged/bad
# And one upon it.
mkdir over other
mount -t overlay overlay -o "lowerdir=merged:other" over
wait_until is_denied over/bad
# Also one that only another namespace sees.
mkdir hidden
unshare -m sh -c "
    mount -t overlay overlay -o lowerdir=$guarded/sub:$folder hidden
    tries=0
    until ! cat hidden/bad >/dev/null 2>&1; do
        tries=\$((tries + 1))
        [ \$tries -lt 200 ] || exit 9
        sleep 0.05
    done" || fail "an overlay in another namespace is not guarded"
