# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2016 # root.sh sets names; perl's own
# Perl's ClamAV::Client: SCAN and CONTSCAN without an end of line. Its streams
# are of a kind that clamd, too, knows no more.
# root: main
# packages: libclamav-client-perl

daemon_start </dev/null
mkdir tree
cp bad good tree
chmod 755 tree
perl -MClamAV::Client -e '
    my ($socket, $name) = @ARGV;
    my $c = ClamAV::Client->new(socket_name => $socket);
    $c->ping or die "ping";
    $c->version =~ /^ClamAV / or die "version";
    my ($path, $found) = $c->scan_path("/root/tree/bad");
    $found eq $name or die "bad: $found";
    $c->scan_path("/root/tree/good") and die "good";
    my %all = $c->scan_path_complete("/root/tree");
    $all{"/root/tree/bad"} eq $name or die "folder";
    keys %all == 1 or die "too many";
    $c->reload or die "reload";
' "$socket" "$name" >perl.log 2>&1 || fail 'see below'
