#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Started by systemd, overtd takes its socket, says when it is ready, that it
# is alive, and that it stops.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${OVERTD:?set OVERTD to the daemon}"
make_rules
make_eicar bad
folder=$PWD
printf '[scan]\nrules = %s\n[daemon]\ncontrol = %s\n' "$folder/rules" \
    "$folder/control" >overt.conf
chmod 600 overt.conf
python3 "$(dirname "$0")/start_service.py" clamd.sock overt.conf "$OVERTD" \
    >notices 2>overtd.log &
service=$!
# shellcheck disable=SC2034 # lib.sh ends them
servers=$service
wait_until grep -qx 'READY=1' notices
expect_answer "nSCAN $folder/bad\\n" \
    "$folder/bad: Test.Eicar.UNOFFICIAL FOUND\n"
is_alive() {
    [ "$(grep -cx 'WATCHDOG=1' notices)" -ge 3 ]
}
wait_until is_alive
pkill -TERM -P "$service"
wait "$service"
expect_line notices "STOPPING=1"
expect_line notices "exit 0"
