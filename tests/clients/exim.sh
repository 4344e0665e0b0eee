# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# exim's content scanning: by path on the socket, by stream and by path on a port.
# root: exim
# packages: exim4-daemon-heavy

# exim_start SCANNER
exim_start() {
    cat >/etc/exim4/exim4.conf <<END_OF
primary_hostname = clients.test
daemon_smtp_ports = 2525
local_interfaces = 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
av_scanner = $1
keep_environment =
tls_advertise_hosts =
write_rejectlog = false
log_file_path = /root/exim-%s.log
acl_smtp_rcpt = accept
acl_smtp_data = check_data
begin acl
check_data:
    deny malware = *
        message = found \$malware_name
    accept
begin routers
all:
    driver = accept
    transport = into_file
begin transports
into_file:
    driver = appendfile
    file = /var/mail/taken
    user = mail
END_OF
    chown Debian-exim /root
    exim4 -bdf -q1h >exim.log 2>&1 &
    exim=$!
    wait_until is_open 2525
}

exim_stop() {
    kill "$exim"
    wait "$exim" || :
    rm -f /var/mail/taken
}

daemon_start </dev/null
for scanner in "$socket" '127.0.0.1 3310' '127.0.0.1 3310:local'; do
    exim_start "clamd:$scanner"
    send_mail 2525 bad
    expect_text answer "550 found $name"
    send_mail 2525 good
    expect_text answer '250 OK'
    wait_until test -s /var/mail/taken
    exim_stop
done
