# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For scenarios of overt-guard, in place of lib.sh: everything happens in mount
# and process namespaces of the scenario's own, on file systems that it mounts
# itself in the folder "guarded". When its time is over, or it ends, all its
# processes die, and with them what they hold back.
skip_early() {
    echo "skipped: $*"
    exit 77
}

if [ -z "${OV_IN_GUARD-}" ]; then
    [ "$(id -u)" -eq 0 ] || skip_early "only root may use fanotify's permissions"
    unshare -m -p -f --mount-proc true 2>/dev/null ||
        skip_early "no mount and process namespaces here"
    OV_IN_GUARD=1 exec timeout -s KILL 100 unshare -m -p -f --mount-proc \
        --propagation private --kill-child=KILL -- sh "$0" "$@"
fi

# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${WARDEN:?set WARDEN to the program of warden.c}"
: "${GUARD:?set GUARD to overt-guard}"
mkdir -p bin lib/overt guarded
cp "$WARDEN" bin/warden
ln -s "$GUARD" lib/overt/overt-guard
mount -t tmpfs overt-test guarded || skip "cannot mount here"
guarded=$folder/guarded

finish_guard() {
    code=$?
    trap - EXIT
    # shellcheck disable=SC2086 # process numbers
    [ -z "${wardens-}${servers-}" ] ||
        kill -KILL $wardens ${servers-} 2>/dev/null || :
    cd /
    awk -v below="$folder/" 'index($5, below) == 1 { print $5 }' \
        /proc/self/mountinfo | sort -r | while read -r mounted; do
        umount -l "$mounted" || :
    done
    (exit "$code")
    finish
}
trap finish_guard EXIT

has_line() {
    grep -qxF -- "$2" "$1"
}

has_text() {
    grep -qF -- "$2" "$1"
}

# warden WHEN DEADLINE_MS WORD...: starts it on the folder guarded; its lines go
# to the file told. $warden_pid, $guard_pid.
wardens=
warden() {
    : >told
    bin/warden "$@" "guard=$guarded" >told 2>warden_err &
    warden_pid=$!
    wardens="$wardens $warden_pid"
    wait_until grep -q -e '^started' -e '^gone' -e '^told  ' told
    if has_text told "no permission events"; then
        skip "fanotify has no permission events here"
    fi
    expect_line told started
    guard_pid=$(sed -n 's/^ready //p' told)
}

warden_end() {
    kill -KILL "$warden_pid"
    wait "$warden_pid" 2>/dev/null || :
}

# The daemon with the folder guarded; the rest of [guard] comes from stdin.
overtd_guard() {
    {
        echo "[guard]"
        echo "filesystem = $guarded"
        cat
    } >guard.conf
    overtd_start <guard.conf
    wait_until grep -q -e "guards $guarded" -e "cannot guard" overtd.log
    if has_text overtd.log "no permission events"; then
        skip "fanotify has no permission events here"
    fi
}

# The process of overt-guard.
guard_of() {
    pgrep -P "$overtd_pid" overt-guard
}

# How often it was asked about a path in "guarded".
asked() {
    grep -c "^ask .*$guarded/$1 " told || :
}

expect_asked() {
    [ "$(asked "$1")" -eq "$2" ] ||
        fail "asked $(asked "$1") times about $1 instead of $2"
}

can_open() {
    (: <"$1") 2>/dev/null
}

expect_open() {
    can_open "$1" || fail "$1 cannot be opened"
}

expect_denied() {
    if can_open "$1"; then fail "$1 can be opened"; fi
}

# A file's times must be older than their grain to be remembered.
wait_settled() {
    touch settled
    wait_until is_old settled
}

is_old() {
    [ $(($(date +%s%3N) - $(stat -c %.3Z "$1" | tr -d .))) -gt 100 ]
}
