#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A mail server's mails and what becomes of them: clean, with malware, too long,
# with a forged field, without a daemon.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

: "${MILTER:?set MILTER to overt-milter}"
command -v miltertest >/dev/null || skip "no miltertest"

# start_milter OPTION...: the one before is ended.
start_milter() {
    [ -z "${milter-}" ] || kill "$milter"
    # shellcheck disable=SC2154 # lib.sh sets it
    "$MILTER" --daemon "$folder/clamd.sock" --listen "unix:$folder/milter" \
        "$@" 2>milter.err &
    milter=$!
    servers="${servers-} $milter"
    wait_until grep -q '^overt-milter: ready' milter.err
}

# milter CASE
milter() {
    make_eicar eicar
    # shellcheck disable=SC2154 # lib.sh sets it
    miltertest -D SOCKET="unix:$folder/milter" -D CASE="$1" \
        -D EICAR="$(cat eicar)" \
        -s "$(dirname "$scenario_path")/milter_answers_mail_servers.lua" ||
        fail "$1: see above"
}

make_rules
overtd_start </dev/null
start_milter
milter usual
grep -q '^overt-milter: found: Test.Eicar' milter.err || fail "it is not told"
start_milter --on-detection tag --max-message 50K
milter tag
start_milter --on-detection quarantine --max-message 50K --inconclusive tempfail
milter quarantine
# shellcheck disable=SC2154 # lib.sh sets it
kill "$overtd_pid"
wait "$overtd_pid" || :
start_milter
milter alone
