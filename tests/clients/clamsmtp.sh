# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# clamsmtp, a proxy between mail servers: SCAN of a file of its own.
# root: main
# packages: clamsmtp

daemon_start </dev/null
mail_sink 10026 taken
mkdir -p smtp
cat >clamsmtp.conf <<END_OF
OutAddress: 127.0.0.1:10026
Listen: 127.0.0.1:10025
ClamAddress: $socket
TempDirectory: /root/smtp
Header: X-Scanned: by clamsmtp
Action: bounce
END_OF
clamsmtpd -d 4 -f /root/clamsmtp.conf >clamsmtp.log 2>&1 &
wait_until is_open 10025
send_mail 10025 bad
expect_text answer 550
expect_text clamsmtp.log "$name"
send_mail 10025 good
expect_text answer 250
wait_until test -s taken/1
expect_text taken/1 'X-Scanned: by clamsmtp'
