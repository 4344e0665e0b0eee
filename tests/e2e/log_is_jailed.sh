#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The log's process, once it listens, and the publisher's: neither can change a
# file outside of its own folder, and the kernel says so.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/logd.sh"

: "${LOGD:?}" "${PUBLISH:?}"
"$LOGD" init L --origin log.example/1 --no-passphrase 2>/dev/null
"$LOGD" run L 2>log.err &
pid=$!
servers="${servers-} $pid"
python3 - <<'END'
import os, time
for _ in range(200):
    if os.path.exists("L/socket"):
        break
    time.sleep(0.05)
END
grep -q '^NoNewPrivs:.*1$' "/proc/$pid/status" ||
    fail 'it can get new privileges'
echo entry >entry
"$LOGD" add L entry --wait >out 2>err || fail 'it takes nothing any more'

# The files that it writes cannot lead elsewhere.
kill "$pid"
wait "$pid" 2>/dev/null || :
mkdir elsewhere
mv L/log/tile elsewhere/tile
ln -s "$PWD/elsewhere/tile" L/log/tile
find elsewhere -type f | sort >before
timeout 20 "$LOGD" once L --timeout 2 >"out" 2>err || :
echo another >another
"$LOGD" add L another >"out" 2>err || :
timeout 20 "$LOGD" once L --timeout 2 >"out" 2>err || :
find elsewhere -type f | sort >after
cmp -s before after || fail 'it wrote outside of its folder'

# The publisher: a folder that leads elsewhere is not followed for writing.
"$PUBLISH" init DIR --name demo.example --preset solo --no-passphrase --yes \
    >out 2>err || fail 'no instance'
mkdir away
rm -rf DIR/repo/log
ln -s "$PWD/away" DIR/repo/log
"$PUBLISH" log DIR --yes >out 2>err && fail 'it wrote outside of its folder'
[ -z "$(ls away)" ] || fail 'it wrote outside of its folder'
