# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# c-icap's virus_scan, which hands descriptors over on the socket and streams to
# a port, behind squid.
# root: main
# packages: c-icap libc-icap-mod-virus-scan squid curl
. "$here/squid.inc"

# c_icap_start LINE...: where the daemon is
c_icap_start() {
    cat >c-icap.conf <<END_OF
PidFile /run/c-icap.pid
CommandsSocket /run/c-icap.ctl
StartServers 1
MaxServers 2
Port 127.0.0.1:1344
TmpDir /var/tmp
User root
Group root
ServerLog /root/c-icap.log
AccessLog /root/access.log
LoadMagicFile /etc/c-icap/c-icap.magic
TemplateDir /usr/share/c_icap/templates/
TemplateDefaultLanguage en
ModulesDir /usr/lib/x86_64-linux-gnu/c_icap
ServicesDir /usr/lib/x86_64-linux-gnu/c_icap
Module common clamd_mod.so
Service antivirus_module virus_scan.so
virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE
virus_scan.DefaultEngine clamd
virus_scan.MaxObjectSize 5M
END_OF
    printf '%s\n' "$@" >>c-icap.conf
    c-icap -N -D -f /root/c-icap.conf >c-icap-says.log 2>&1 &
    c_icap=$!
    wait_until is_open 1344
}

c_icap_stop() {
    kill "$c_icap"
    wait "$c_icap" || :
}

daemon_start </dev/null
site_start
for at in "clamd_mod.ClamdSocket $socket" "clamd_mod.ClamdHost 127.0.0.1
clamd_mod.ClamdPort 3310"; do
    c_icap_start "$at"
    squid_start antivirus_module
    fetch good
    [ "$code" = 200 ] || fail "good: $code"
    cmp got good
    fetch bad
    expect_text got "$name"
    squid_stop
    c_icap_stop
done
