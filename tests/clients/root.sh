# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2016,SC2034
# Inside a root that tests/clients/run has made: begins the daemon's side, reads
# the client's file and says how it went. Every process here ends with it.
set -eu

: "${CLIENT:?tests/clients/run sets it}"
here=/overt/clients
socket=/run/clamav/clamd.ctl
name=Test.Eicar.UNOFFICIAL
cd /root

finish() {
    code=$?
    trap - EXIT
    if [ "$code" -ne 0 ]; then
        echo "not ok $CLIENT"
        for log in /root/*.log /root/answer; do
            [ ! -s "$log" ] || {
                echo "== $log"
                tail -n 40 "$log"
            }
        done
    fi
    exit "$code"
}
trap finish EXIT

fail() {
    echo "$CLIENT: $*"
    exit 1
}

# expect_text FILE TEXT
expect_text() {
    grep -qF -- "$2" "$1" || fail "$1 does not say: $2"
}

expect_no_text() {
    if grep -qF -- "$2" "$1"; then fail "$1 says: $2"; fi
}

# wait_until COMMAND...: until it succeeds, for two minutes at most.
wait_until() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || fail "never came true: $*"
        sleep 0.1
    done
}

# is_open PORT: somebody listens there
is_open() {
    grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# The standard test file, put together here so that this file is not one.
eicar() {
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-' \
        'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}

# bad is found by a rule called $name; good is clean, and below
# the 64 KB above which squid 5.7 may stall with any ICAP server.
make_files() {
    mkdir -p rules
    printf 'Test.Eicar:0:*:%s%s\n' \
        58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d \
        5354414e44415244 >rules/test.ndb
    eicar >bad
    seq 10000 >good
    chmod 755 /root
    chmod -R a+rX rules bad good
}

# daemon_start: on $socket and port 3310. Standard input: more lines for
# overt.conf, in [clamd].
daemon_start() {
    mkdir -p /run/clamav /run/overt /var/lib/overt
    chmod 755 /run/clamav
    if [ "$WITH" = clamd ]; then
        cat >/dev/null
        printf '%s\n' "LocalSocket $socket" 'DatabaseDirectory /root/rules' \
            'Foreground yes' 'LocalSocketMode 666' 'TCPSocket 3310' \
            'TCPAddr 127.0.0.1' 'User root' >clamd.conf
        clamd -c clamd.conf >daemon.log 2>&1 &
        wait_until test -S "$socket"
        return
    fi
    {
        printf '%s\n' '[scan]' 'rules = /root/rules' '[daemon]' 'workers = 2' \
            '[clamd]' "socket = $socket" 'socket-mode = 666' \
            'tcp = 127.0.0.1:3310'
        cat
    } >overt.conf
    chmod 600 overt.conf
    /overt/build/src/programs/overtd/overtd --config /root/overt.conf \
        2>daemon.log &
    wait_until grep -qE 'overtd: (ready|stops)' daemon.log
    grep -q 'overtd: ready' daemon.log || fail 'overtd does not start'
}

# send_mail PORT FILE: a mail with that file goes to the server there; the last
# reply of it is in the file answer.
send_mail() {
    python3 "$here/mail.py" send "$1" "$2" >answer 2>&1
}

# mail_sink PORT FOLDER: takes mails there, each into a file of its own.
mail_sink() {
    mkdir -p "$2"
    python3 "$here/mail.py" take "$1" "$2" >sink.log 2>&1 &
    wait_until is_open "$1"
}

# What the client is: its package and version.
version_of() {
    dpkg-query -W -f '${Package} ${Version}' "$1"
}

make_files
# shellcheck source=/dev/null
. "$here/$CLIENT.sh"
printf 'ok %s: ' "$CLIENT"
sed -n 's/^# packages: //p' "$here/$CLIENT.sh" | head -n 1 | tr ' ' '\n' |
    while read -r package; do version_of "$package"; echo; done | paste -sd,
