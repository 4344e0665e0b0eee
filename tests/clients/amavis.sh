# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # root.sh sets names
# amavis: its own list's entry for clamd (CONTSCAN of its folder).
# root: main
# packages: amavisd-new

daemon_start </dev/null
mail_sink 10025 taken
cat >/etc/amavis/conf.d/50-user <<END_OF
use strict;
\$myhostname = 'clients.test';
\$mydomain = 'clients.test';
\$max_servers = 1;
\$final_virus_destiny = D_REJECT;
\$virus_quarantine_to = undef;
\$virus_admin = undef;
\$enable_db = 0;
\$sa_local_tests_only = 1;
@bypass_virus_checks_maps = (0);
@bypass_spam_checks_maps = (1);
@av_scanners = (
  ['ClamAV-clamd', \&ask_daemon, ["CONTSCAN {}\n", "$socket"],
    qr/\bOK\$/m, qr/\bFOUND\$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND\$/m],
);
@av_scanners_backup = ();
\$log_level = 2;
\$do_syslog = 0;
\$LOGFILE = '/var/lib/amavis/amavis.log';
1;
END_OF
ln -s /var/lib/amavis/amavis.log amavis.log
amavisd foreground >amavis-says.log 2>&1 &
wait_until is_open 10024
send_mail 10024 bad
expect_text answer "INFECTED: $name"
expect_text answer 554
send_mail 10024 good
expect_text answer '250 2.0.0'
wait_until test -s taken/1
