#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names of lib_attack.sh
# The disk is full after so many bytes of a file: the old rules stay, and with
# room again the update goes on.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib_attack.sh"

# limited BLOCKS COMMAND...: files of at most that many times 512 bytes; a write
# beyond fails, as on a full disk, and does not kill.
cat >limited <<'END'
#!/bin/sh
trap '' XFSZ
ulimit -f "$1"
shift
exec "$@"
END
chmod +x limited

for blocks in 0 1 2 4 8 16; do
    fresh_state
    with="./limited $blocks"
    update new >/dev/null
    # Its answer may not fit either: what counts is what is on the disk.
    [ "$exit_code" -ne 0 ] || fail "$blocks: exit code 0"
    [ "$(readlink state/current)" = releases/2 ] || fail "$blocks: installed"
    expect_still_scanning "$blocks blocks"
    with=
    update new
    expect_updated "room again after $blocks"
done

# A file system that is really full, where one can be made.
if unshare -m sh -c 'mkdir -p full && mount -t tmpfs -o size=128k t full' \
    2>/dev/null; then
    with=
    mkdir -p full
    cat >in_full <<'END'
#!/bin/sh
mount -t tmpfs -o size=256k tmpfs full
cp -a before/. full/
head -c 1000000 /dev/zero >full/filler 2>/dev/null
"$OVERT" --state full update --from new --json >out 2>err
echo $? >code
readlink full/current >link
"$OVERT" --state full scan eicar >scan.out 2>&1
echo $? >scan.code
END
    export OVERT
    unshare -m sh in_full
    [ "$(cat code)" -eq 2 ] || fail "full: exit code $(cat code): $(cat out)"
    [ "$(result)" = not-written ] || fail "full: $(cat out err)"
    [ "$(cat link)" = releases/2 ] || fail "full: $(cat link)"
    [ "$(cat scan.code)" -eq 1 ] || fail "full: scan $(cat scan.code)"
fi
