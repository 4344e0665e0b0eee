#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The units are right, say what they must, and what a unit's run leaves in the
# journal are whole plain lines.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

units=$(dirname "$scenario_path")/../../etc/systemd
sed "s|@overt@|$OVERT|" "$units/overt-update.service.in" >overt-update.service
cp "$units/overt-update.timer" .
for line in Persistent=true 'RandomizedDelaySec=.*' 'OnCalendar=.*'; do
    grep -qx "$line" overt-update.timer || fail "the timer lacks $line"
done
for line in NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes \
    StateDirectory=overt; do
    grep -qx "$line" overt-update.service || fail "the service lacks $line"
done
if command -v systemd-analyze >/dev/null 2>&1; then
    systemd-analyze verify --man=no "$PWD/overt-update.service" \
        "$PWD/overt-update.timer" >said 2>&1 || fail "$(cat said)"
    ! grep -q 'overt-update' said || fail "$(cat said)"
fi

# As a unit runs it: no terminal, an empty environment.
make_instance solo
make_eicar eicar.bad
echo nothing >good
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
propose eicar p-01
must_publish release DIR
as_unit() {
    exit_code=0
    env -i PATH=/usr/bin:/bin "$OVERT" --state "$PWD/client" update \
        --from "${from-DIR/repo}" "$@" </dev/null >out 2>err || exit_code=$?
    cat out err >journal
    LC_ALL=C grep -n '[^ -~]' journal && fail 'the journal gets odd bytes'
    [ -z "$(tail -c 1 journal)" ] || fail 'the last line has no end'
}
as_unit --root DIR/repo/first/1.root.json
expect_exit 0
expect_line journal 'release 1 is installed'
as_unit
expect_exit 0
expect_line journal 'release 1 is the newest'
from=http://127.0.0.1:9
as_unit
expect_exit 3
expect_text journal 'unreachable'
expect_line journal 'release 1 stays in use'
