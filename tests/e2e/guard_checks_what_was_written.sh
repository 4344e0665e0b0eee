#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who only guards execution and what is written is asked about these, and holds
# back no other opening.
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# shellcheck source=/dev/null
. "$(dirname "$0")/guard.sh"

echo EVIL >guarded/old
warden exec,written 20000
expect_open guarded/old
expect_asked old 0
echo EVIL >guarded/new
wait_until has_text told "ask written $guarded/new "
expect_open guarded/new
printf '#!/bin/sh\n# EVIL\n' >guarded/run
chmod 755 guarded/run
if guarded/run 2>/dev/null; then fail "a bad program can be executed"; fi
wait_until has_text told "ask exec $guarded/run "
