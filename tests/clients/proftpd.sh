# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# mod_clamav of proftpd: what is uploaded is scanned, by the socket or a port.
# root: main
# packages: proftpd-mod-clamav proftpd-core curl

# proftpd_start LINE...
proftpd_start() {
    cat >proftpd.conf <<END_OF
ServerName test
ServerType standalone
DefaultAddress 127.0.0.1
Port 2121
UseIPv6 off
User nobody
Group nogroup
ModulePath /usr/lib/proftpd
LoadModule mod_clamav.c
TransferLog /root/transfer.log
SystemLog /root/proftpd.log
RequireValidShell off
WtmpLog off
UseReverseDNS off
AuthOrder mod_auth_file.c
AuthUserFile /root/ftp-users
AllowOverwrite on
ClamAV on
END_OF
    printf '%s\n' "$@" >>proftpd.conf
    proftpd -n -c /root/proftpd.conf >proftpd-says.log 2>&1 &
    proftpd=$!
    wait_until is_open 2121
}

# upload FILE
upload() {
    curl -sv -m 60 --user u:p -T "$1" ftp://127.0.0.1:2121/ >answer 2>&1 || :
}

daemon_start </dev/null
mkdir -m 755 /srv/up
chown 4321:4321 /srv/up
echo "u:$(python3 -W ignore -c 'import crypt; print(crypt.crypt("p"))')\
:4321:4321::/srv/up:/bin/sh" >ftp-users
chmod 600 ftp-users
for at in "ClamLocalSocket $socket" "ClamServer 127.0.0.1
ClamPort 3310"; do
    proftpd_start "$at"
    upload good
    cmp good /srv/up/good
    upload bad
    expect_text answer "$name"
    [ ! -e /srv/up/bad ] || fail 'malware was stored'
    rm /srv/up/good
    kill "$proftpd"
    wait "$proftpd" || :
done
