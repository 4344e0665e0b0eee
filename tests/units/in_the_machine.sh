# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What run_units has a real systemd do, as root in a machine of its own. Each
# try_... is one check; what it says last is why it failed.
set -u

passed=0
failed=0
cd /root || exit 1

# try NAME: runs try_NAME in a shell of its own
try() {
    # Not as a condition: there -e has no effect.
    (
        set -e
        "try_$1"
    ) >/root/said 2>&1
    # shellcheck disable=SC2181
    if [ $? -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "FAILED $1"
        tail -n 15 /root/said
        journalctl -q -n 25 -o short-monotonic --no-hostname
    fi
}

fail() {
    echo "$*"
    exit 1
}

# no COMMAND...: it must fail
no() {
    if "$@"; then fail "should not: $*"; fi
}

# wait_until COMMAND...: until it succeeds; the machine may be a slow one.
wait_until() {
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail "never came true: $*"
        sleep 0.2
    done
}

eicar() {
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-' \
        'STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}

ask() {
    python3 clamd_ask.py /run/overt/clamd.ctl "$1"
}

finds() {
    ask "nSCAN $1\\n" | grep -qF 'Test.Eicar.UNOFFICIAL FOUND'
}

is_active() {
    systemctl is-active --quiet "$1"
}

main_pid() {
    systemctl show -p MainPID --value overtd
}

has_event() {
    journalctl -q -u overtd OVERT_EVENT="$1" | grep -q .
}

# drop_in UNIT LINE...: in [Service]
drop_in() {
    unit=$1
    shift
    mkdir -p "/etc/systemd/system/$unit.d"
    {
        echo '[Service]'
        printf '%s\n' "$@"
    } >"/etc/systemd/system/$unit.d/test.conf"
    systemctl daemon-reload
}

no_drop_in() {
    rm -rf "/etc/systemd/system/$1.d"
    systemctl daemon-reload
}

# ---- the checks, in this order ----

try_starts_and_notifies() {
    systemctl start overtd # Type=notify: returns once it is ready
    is_active overtd
    [ "$(systemctl show -p Type --value overtd)" = notify ]
    finds /root/private/bad
    ask 'nSCAN /root/private/good\n' | grep -q 'good: OK'
    overt status | grep -q 'workers'
}

try_tells_the_journal() {
    wait_until has_event detection
    journalctl -q -o json -u overtd OVERT_EVENT=detection | grep -q \
        '"OVERT_PATH":"/root/private/bad"'
    has_event ready
}

try_reloads() {
    before=$(main_pid)
    printf 'Test.Good:0:*:%s\n' 6861726d6c657373 >/root/rules/new.ndb
    systemctl reload overtd
    found_new() {
        ask 'nSCAN /root/private/good\n' | grep -q 'Test.Good'
    }
    wait_until found_new
    rm /root/rules/new.ndb
    systemctl reload overtd
    [ "$(main_pid)" = "$before" ]
}

try_is_started_again() {
    before=$(main_pid)
    kill -KILL "$before"
    other() {
        is_active overtd && [ "$(main_pid)" != "$before" ]
    }
    wait_until other
    finds /root/private/bad
}

try_watchdog_ends_what_hangs() {
    [ "$(systemctl show -p WatchdogUSec --value overtd)" = 1min ]
    drop_in overtd.service WatchdogSec=3s
    systemctl restart overtd
    sleep 7
    [ "$(systemctl show -p NRestarts --value overtd)" -eq 0 ] ||
        fail 'ended though it turns'
    before=$(main_pid)
    kill -STOP "$before"
    other() {
        is_active overtd && [ "$(main_pid)" != "$before" ]
    }
    wait_until other
    journalctl -q -u overtd | grep -qi 'watchdog timeout'
    finds /root/private/bad
    no_drop_in overtd.service
}

try_guards_and_quarantines() {
    truncate -s 40M /root/guarded.img
    mkfs.ext4 -q /root/guarded.img
    mkdir -p /srv/guarded
    mount -o loop /root/guarded.img /srv/guarded
    eicar >/srv/guarded/bad
    echo good >/srv/guarded/good
    printf '[guard]\nfilesystem = /srv/guarded\nmode = all\n' >>/etc/overt/overt.conf
    printf '[daemon]\non-detection = quarantine\n' >>/etc/overt/overt.conf
    systemctl restart overtd
    is_denied() {
        ! cat /srv/guarded/bad >/dev/null 2>&1
    }
    wait_until is_denied
    [ "$(cat /srv/guarded/good)" = good ]
    wait_until test ! -e /srv/guarded/bad
    item=$(overt quarantine list --json | sed -n 's/^{"id":"\([^"]*\)".*/\1/p' |
        head -n 1)
    [ -n "$item" ] || fail "$(overt quarantine list --json)"
    overt quarantine restore --to /root/back "$item"
    eicar | cmp - /root/back
    cp /root/overt.conf /etc/overt/overt.conf
    systemctl restart overtd
    umount /srv/guarded
}

try_doors_answer() {
    systemctl start overt-icap overt-milter
    is_active overt-icap
    is_active overt-milter
    timeout 60 python3 icap_cases.py 1344 answers
    [ -S /run/overt-milter/milter.sock ]
    [ "$(ps -o user= -C overt-milter)" != root ]
    systemctl stop overt-icap overt-milter
    [ "$(systemctl show -p Result --value overt-icap)" = success ]
    [ "$(systemctl show -p Result --value overt-milter)" = success ]
}

try_stops() {
    systemctl stop overtd
    [ "$(systemctl show -p Result --value overtd)" = success ]
    [ "$(systemctl show -p ActiveState --value overtd)" = inactive ]
    no pgrep -f overt-worker
    no pgrep -f overt-helper
}

try_socket_starts_it() {
    systemctl start overtd-clamd.socket
    no is_active overtd
    finds /root/private/bad
    is_active overtd
    systemctl stop overtd
    [ -S /run/overt/clamd.ctl ] || fail 'the socket went with the daemon'
    finds /root/private/bad # and again
    [ "$(stat -c %a /run/overt/clamd.ctl)" = 660 ]
    systemctl stop overtd-clamd.socket overtd
}

try_works_when_tight() {
    mkdir -p /etc/systemd/system/overtd.service.d
    cp /usr/share/doc/overt/overtd-tight.conf /etc/systemd/system/overtd.service.d/
    systemctl daemon-reload
    systemctl start overtd
    finds /srv/bad
    finds /home/bad
    systemctl stop overtd
    no_drop_in overtd.service
}

try_scans_by_a_timer() {
    [ "$(systemctl show -p NextElapseUSecRealtime --value overt-scan@home.timer)" = \
        '' ]
    # As if the machine had been off at night.
    mkdir -p /etc/systemd/system/overt-scan@.timer.d /var/lib/systemd/timers
    printf '[Timer]\nRandomizedDelaySec=0\n' \
        >/etc/systemd/system/overt-scan@.timer.d/test.conf
    systemctl daemon-reload
    touch -d '3 days ago' /var/lib/systemd/timers/stamp-overt-scan@home.timer
    systemctl start overt-scan@home.timer
    has_scanned() {
        journalctl -q -u overt-scan@home.service | grep -q Test.Eicar
    }
    wait_until has_scanned
    is_failed() {
        systemctl is-failed --quiet overt-scan@home.service
    }
    wait_until is_failed # something was found
    rm /home/bad
    systemctl start overt-scan@home.service
    [ "$(systemctl show -p Result --value overt-scan@home.service)" = success ]
    systemctl list-timers --all | grep -q overt-scan@home
}

try_updates_by_a_timer() {
    systemctl start overt-update.timer
    systemctl list-timers --all | grep -q overt-update
    # Nothing says from where: it fails, and says why.
    no systemctl start overt-update.service
    journalctl -q -u overt-update | grep -q 'from'
    systemctl stop overt-update.timer
}

try_is_hardened() {
    for unit in overtd:65 overt-icap:35 overt-milter:20 overt-scan@home:50 \
        overt-update:45; do
        systemd-analyze security --threshold="${unit#*:}" \
            "${unit%:*}.service" >said.security ||
            fail "$unit: $(tail -n 1 said.security)"
    done
}

try_survives_a_boot_order() {
    # Nothing of ours orders itself into a circle.
    if journalctl -q -b | grep -i 'ordering cycle'; then fail 'a circle'; fi
    systemctl enable overtd overtd-clamd.socket overt-icap overt-milter \
        overt-update.timer overt-scan@home.timer
    if systemd-analyze verify default.target 2>&1 | grep -i overt; then
        fail 'systemd-analyze does not like it'
    fi
    systemctl disable overtd overtd-clamd.socket overt-icap overt-milter \
        overt-update.timer overt-scan@home.timer
}

echo '== units, under' "$(systemctl --version | head -n 1)"
mkdir -p /etc/overt /root/rules
mkdir -m 700 /root/private
eicar >/root/private/bad
echo harmless >/root/private/good
cp /root/private/bad /srv/bad
cp /root/private/bad /home/bad
chown -R 65534 /root/private
printf 'Test.Eicar:0:*:%s%s\n' \
    58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d \
    5354414e44415244 >/root/rules/test.ndb
printf '[scan]\nrules = /root/rules\n' >/root/overt.conf
cp /root/overt.conf /etc/overt/overt.conf
for name in $(sed -n 's/^try_\([a-z_]*\)() {$/\1/p' /root/in_the_machine.sh); do
    try "$name"
done
echo "$passed passed, $failed failed"
