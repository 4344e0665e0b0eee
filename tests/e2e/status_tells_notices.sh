#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# What a publisher tells owners reaches `overt status`, with the days that are
# left, by the calendar of UTC; and only if it was made public.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/publisher.sh"

make_instance solo
make_eicar eicar.bad
echo nothing >good
cp "$(dirname "$scenario_path")/../../rules/eicar.yar" .
propose eicar p-01
must_publish release DIR
overt --state client update --from DIR/repo --root DIR/repo/first/1.root.json
expect_exit 0
overt --state client status
expect_no_text out "notice."
grep -q -E '^  last-time +20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-9:]{8} UTC' out ||
    fail 'the time of the last update is not a date'

ends=$(date -u -d '+90 days' +%Y-%m-%d)
must_publish notice DIR --id N-1 --kind end-of-service --region US --as p-01 \
    --why 'Updates end.' --date "signature_updates_end=$ends"
must_publish notice DIR --id N-2 --as p-01 --why 'A new office.'
must_publish publish DIR
overt --state client update --from DIR/repo
expect_exit 0
overt --state client status
expect_exit 0
grep -q -E "notice.N-1 +end-of-service US $(date -u +%Y)" out ||
    fail 'the notice is not told'
grep -q -E 'notice.N-2 +information \*' out || fail 'the other is not told'
grep -q -E "signature_updates_end $ends, (89|90) days left" out ||
    fail 'the days are not told'
overt --state client status --json
python3 -c '
import json, sys
u = json.load(sys.stdin)["update"]
assert u["notice.N-1.signature_updates_end"].startswith(sys.argv[1]), u' "$ends" \
    <out || fail 'not in JSON'

# The last second of a day, the first of the next, wherever the owner lives.
if command -v faketime >/dev/null 2>&1; then
    at() {
        TZ=$1 faketime -f "@$2" "$OVERT" --state client status >out 2>err || :
        expect_text out "$3"
    }
    for zone in UTC Pacific/Kiritimati Pacific/Pago_Pago; do
        day=$(date -u -d "$ends - 1 day" +%Y-%m-%d)
        at $zone "$(TZ=$zone date -d "$day 23:59:59 UTC" '+%Y-%m-%d %T')" \
            ', 1 days left'
        at $zone "$(TZ=$zone date -d "$ends 00:00:00 UTC" '+%Y-%m-%d %T')" \
            ', over'
    done
fi

# A notice that the log does not know is told to nobody, and is an alarm.
cp -r DIR other
rm other/repo/proof/*
cp -r client forked
must_publish notice DIR --id N-3 --as p-01 --why 'More.'
must_publish publish DIR
digest=$(sha256sum <"$(echo DIR/repo/targets/notice/*.N-3.json)" | cut -d ' ' -f 1)
wrong=$(sha256sum <"$(echo DIR/repo/targets/notice/*.N-2.json)" | cut -d ' ' -f 1)
cp "DIR/repo/proof/$wrong.tlog-proof" "DIR/repo/proof/$digest.tlog-proof"
overt --state forked update --from DIR/repo
expect_exit 1
expect_text out 'a notice'
overt --state forked status
expect_no_text out N-3

# Who could not be told for days which notices there are shows that.
overt --state client status
expect_no_text out notices-stale-since
grep -q '^notices-time [0-9]' client/trust/client || fail 'it is not known when'
sed -i 's/^notices-time .*/notices-time 1700000000/' client/trust/client
overt --state client status
expect_text out 'notices-stale-since 2023-11-16 '
