# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# rspamd's antivirus module, by the socket and by a port.
# root: main
# packages: rspamd curl

rspamd_start() {
    cat >/etc/rspamd/local.d/antivirus.conf <<END_OF
clamav {
    type = "clamav";
    action = "reject";
    message = 'found "\${VIRUS}"';
    scan_mime_parts = $2;
    symbol = "CLAM_VIRUS";
    log_clean = true;
    servers = "$1";
}
END_OF
    echo 'filters = "";' >/etc/rspamd/local.d/options.inc
    printf '%s\n' 'type = "file";' 'filename = "/var/log/rspamd/rspamd.log";' \
        'level = "info";' >/etc/rspamd/local.d/logging.inc
    ln -sf /var/log/rspamd/rspamd.log rspamd.log
    rspamd -i -f -u _rspamd -g _rspamd >rspamd-says.log 2>&1 &
    rspamd=$!
    wait_until is_open 11333
}

# check FILE: what rspamd says of a mail with it
check() {
    python3 "$here/mail.py" make 0 "$1" |
        curl -s -m 60 --data-binary @- http://127.0.0.1:11333/checkv2 >answer
}

daemon_start </dev/null
for at in "$socket" 127.0.0.1:3310; do
    for parts in true false; do
        rspamd_start "$at" "$parts"
        check bad
        expect_text answer '"CLAM_VIRUS"'
        expect_text answer "$name"
        expect_text answer '"action":"reject"'
        check good
        expect_no_text answer CLAM_VIRUS
        expect_no_text answer '"action":"reject"'
        kill "$rspamd"
        wait "$rspamd" || :
    done
done
