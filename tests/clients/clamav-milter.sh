# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# ClamAV's own milter behind Postfix: a mail goes over by descriptor, or as a
# stream to a port.
# root: postfix
# packages: clamav-milter postfix
. "$here/postfix.inc"

# milter_start SOCKET
milter_start() {
    printf '%s\n' "ClamdSocket $1" 'MilterSocket inet:7357@127.0.0.1' \
        'Foreground yes' 'OnInfected Reject' 'OnFail Defer' \
        'RejectMsg found %v' 'AddHeader Replace' 'LogInfected Full' \
        'LogFile /root/milter.log' 'User root' >milter.conf
    clamav-milter -c milter.conf >milter-says.log 2>&1 &
    milter=$!
    wait_until is_open 7357
}

daemon_start </dev/null
mail_sink 2600 taken
postfix_start 'smtpd_milters = inet:127.0.0.1:7357'
n=0
for at in "unix:$socket" tcp:127.0.0.1:3310; do
    milter_start "$at"
    send_mail 25 bad
    expect_text answer "found $name"
    expect_text answer 550
    send_mail 25 good
    expect_text answer '250 2.0.0 Ok'
    n=$((n + 1))
    wait_until test -s "taken/$n"
    expect_text "taken/$n" 'X-Virus-Status: Clean'
    kill "$milter"
    wait "$milter" || :
done
