#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034,SC2154 # names shared with lib.sh
# The units of the daemon, its doors and background scans are understood by
# systemd, and what they leave of root's capabilities is enough.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${ICAP:?set ICAP to overt-icap}" "${MILTER:?set MILTER to overt-milter}"
units=$(dirname "$scenario_path")/../../etc/systemd
: "${CLOUD:?set CLOUD to overt-cloud}"
for name in overtd.service overt-scan@.service overt-icap.service \
    overt-milter.service overt-cloud-serve.service \
    overt-cloud-submissions@.service; do
    sed "s|@overtd@|$OVERTD|; s|@overt@|$OVERT|; s|@icap@|$ICAP|
        s|@cloud@|$CLOUD|
        s|@milter@|$MILTER|" "$units/$name.in" >"$name"
done
cp "$units/overtd-clamd.socket" "$units/overt-scan@.timer" .
cp overt-scan@.service overt-scan@home.service
cp overt-scan@.timer overt-scan@home.timer
cp overt-cloud-submissions@.service overt-cloud-submissions@eu.service

for line in Type=notify 'WatchdogSec=.*' NoNewPrivileges=yes OOMPolicy=continue; do
    grep -qx "$line" overtd.service || fail "overtd.service lacks $line"
done
for line in 'ExecStart=.* --wait-on-battery .*' Nice=19 IOSchedulingClass=idle; do
    grep -qx "$line" overt-scan@.service || fail "overt-scan@ lacks $line"
done
grep -qx Persistent=true overt-scan@.timer || fail 'a missed scan stays missed'

if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$PWD/overtd.service" \
        "$PWD/overtd-clamd.socket" "$PWD/overt-scan@home.service" \
        "$PWD/overt-scan@home.timer" "$PWD/overt-icap.service" \
        "$PWD/overt-milter.service" "$PWD/overt-cloud-serve.service" \
        "$PWD/overt-cloud-submissions@eu.service" >said 2>&1 || fail "$(cat said)"
    ! grep -q overt said || fail "$(cat said)"
    # Of 10: how much a service could do if it were taken over.
    rates() {
        systemd-analyze security --offline=true --threshold="$2" \
            "$PWD/$1" >said 2>&1 || fail "$1: $(tail -n 1 said)"
    }
    rates overtd.service 65
    rates overt-scan@home.service 50
    rates overt-icap.service 35
    rates overt-milter.service 20
    rates overt-cloud-serve.service 20
    rates overt-cloud-submissions@eu.service 20
    mkdir overtd.service.d
    cp "$units/overtd-tight.conf" overtd.service.d/tight.conf
    rates overtd.service 46
fi

# As root with no more capabilities than that.
[ "$(id -u)" -eq 0 ] || exit 0
command -v setpriv >/dev/null || exit 0
bound() {
    caps=-all
    for cap in $(sed -n 's/^CapabilityBoundingSet=//p' "$1" | tail -n 1 |
        tr 'A-Z ' 'a-z\n'); do
        caps=$caps,+${cap#cap_}
    done
    echo "$caps"
}
make_rules
mkdir -m 700 private
make_eicar private/bad
chown -R 65534:65534 private
cat >bounded <<END
#!/bin/sh
exec setpriv --no-new-privs --bounding-set $(bound overtd.service) "$OVERTD" "\$@"
END
chmod 755 bounded
OVERTD=$PWD/bounded overtd_start </dev/null
clamd_ask "SCAN $PWD/private/bad\n" >answer
expect_text answer 'Test.Eicar.UNOFFICIAL FOUND'

# The doors reach the daemon with what their units leave them: the one for
# proxies becomes the owner of the socket's folder, the one for mail servers is
# nobody in the socket's group.
setpriv --no-new-privs --bounding-set "$(bound overt-icap.service)" \
    "$ICAP" --daemon "$PWD/clamd.sock" --listen 127.0.0.1:0 2>icap.err &
icap=$!
mkdir -m 700 doors
chown 65534:65534 doors
chmod 711 .
setpriv --reuid 65534 --regid 65534 --groups 0 --no-new-privs \
    --bounding-set=-all --inh-caps=-all "$MILTER" \
    --daemon "$PWD/clamd.sock" --listen "unix:$PWD/doors/milter" \
    2>milter.err &
milter=$!
servers="$servers $icap $milter"
wait_until grep -q '^overt-icap: ready' icap.err
wait_until grep -q '^overt-milter: ready' milter.err
if command -v miltertest >/dev/null; then
    miltertest -D SOCKET="unix:$PWD/doors/milter" -D CASE=usual \
        -D EICAR="$(cat private/bad)" \
        -s "$(dirname "$scenario_path")/milter_answers_mail_servers.lua" ||
        fail 'the unit of overt-milter leaves it too little'
fi
timeout 60 python3 "$(dirname "$scenario_path")/icap_cases.py" \
    "$(sed -n 's/^overt-icap: ready on port //p' icap.err)" answers ||
    fail 'the unit of overt-icap leaves it too little'
kill "$icap" "$milter"
overtd_stop

exit_code=0
setpriv --no-new-privs --bounding-set "$(bound overt-scan@.service)" \
    "$OVERT" scan --rules rules private >out 2>err || exit_code=$?
expect_exit 1
expect_text out Test.Eicar
