# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# Our own milter behind Postfix.
# root: postfix
# packages: postfix
. "$here/postfix.inc"

# milter_start OPTION...
milter_start() {
    /overt/build/src/programs/milter/overt-milter --daemon "$socket" \
        --listen inet:7357@127.0.0.1 "$@" 2>milter.log &
    milter=$!
    wait_until is_open 7357
}

milter_stop() {
    kill "$milter"
    wait "$milter" || :
}

daemon_start </dev/null
mail_sink 2600 taken
postfix_start 'smtpd_milters = inet:127.0.0.1:7357'
milter_start
send_mail 25 bad
expect_text answer "550"
expect_text answer "$name"
send_mail 25 good
expect_text answer '250 2.0.0 Ok'
wait_until test -s taken/1
expect_text taken/1 'X-Virus-Status: Clean'
milter_stop

milter_start --on-detection tag
send_mail 25 bad
wait_until test -s taken/2
expect_text taken/2 "X-Virus-Status: Infected ($name)"
milter_stop

milter_start --on-detection quarantine
send_mail 25 bad
expect_text answer '250 2.0.0 Ok'
is_held() {
    postqueue -p | grep -q '^[0-9A-F]*!'
}
wait_until is_held
