# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# Samba's vfs_virusfilter: what is opened and closed is scanned.
# root: main
# packages: samba samba-vfs-modules smbclient

daemon_start </dev/null
mkdir -p share /var/log/samba
cat >/etc/samba/smb.conf <<END_OF
[global]
    server role = standalone server
    interfaces = lo
    bind interfaces only = yes
    disable netbios = yes
    smb ports = 4450
    map to guest = Bad User
    guest account = root
    log file = /root/samba.log
    log level = 1 vfs:5
    load printers = no
    disable spoolss = yes
[share]
    path = /root/share
    guest ok = yes
    read only = no
    vfs objects = virusfilter
    virusfilter:scanner = clamav
    virusfilter:socket path = $socket
    virusfilter:connect timeout = 30000
    virusfilter:io timeout = 60000
    virusfilter:scan on open = yes
    virusfilter:scan on close = yes
    virusfilter:infected file action = delete
    virusfilter:scan error action = deny
    virusfilter:block access on error = yes
    virusfilter:min file size = 1
END_OF
cp good bad share
chmod a+rw share/*
smbd -F --no-process-group >smbd-says.log 2>&1 &
wait_until is_open 4450
smb() {
    smbclient -N -p 4450 //127.0.0.1/share -c "$1" >answer 2>&1 || :
}
smb 'get good got'
cmp good got
smb 'get bad never'
[ ! -s never ] || fail 'malware could be read'
[ ! -e share/bad ] || fail 'malware was left'
expect_text samba.log "$name"
smb 'put good put-good'
wait_until cmp good share/put-good
smb 'put bad put-bad'
is_gone() {
    [ ! -e share/put-bad ] && grep -q 'put-bad.*infected\|infected.*put-bad' \
        samba.log
}
wait_until is_gone
