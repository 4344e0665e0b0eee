#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# Events are in the journal with fields of their own, which a file's name cannot
# make up. Asks a journal of its own, in a mount namespace.
# needs: root
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

journald=/usr/lib/systemd/systemd-journald
if [ "${1-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || skip 'needs root'
    [ -x "$journald" ] || skip 'systemd-journald is not installed'
    command -v journalctl >/dev/null || skip 'journalctl is not installed'
    unshare -m true 2>/dev/null || skip 'there are no mount namespaces'
    exit_code=0
    unshare -m "$scenario_path" inside || exit_code=$?
    [ "$exit_code" -ne 77 ] || exit 77
    expect_exit 0
    exit 0
fi

mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal "/run/log/journal/$(cat /etc/machine-id)" ||
    skip 'the machine has no number'
$journald >journald.log 2>&1 &
servers=$!
wait_until test -S /run/systemd/journal/socket

make_rules
mkdir tree
make_eicar "$(printf 'tree/bad\nPRIORITY=7')"
overtd_start </dev/null
clamd_ask "MULTISCAN $PWD/tree\n" >answer
expect_text answer FOUND
overtd_stop
journalctl --sync || fail 'the journal does not answer'
journalctl -D /run/log/journal -o json OVERT_EVENT=detection >found
python3 - "$PWD" <<'END' || fail "$(cat found)"
import json, sys
lines = open("found").read().splitlines()
assert len(lines) == 1, lines
e = json.loads(lines[0])
assert e["OVERT_PATH"] == sys.argv[1] + "/tree/bad\nPRIORITY=7"
assert e["OVERT_RULE"] == "Test.Eicar" and e["PRIORITY"] == "1"
assert len(e["MESSAGE_ID"]) == 32 and e["SYSLOG_IDENTIFIER"] == "overtd"
assert e["MESSAGE"].startswith("found Test.Eicar in ") and e["_COMM"] == "overtd"
END
journalctl -D /run/log/journal -o cat OVERT_EVENT=stop >found
expect_line found stops
