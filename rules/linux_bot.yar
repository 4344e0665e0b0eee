/* SPDX-License-Identifier: Apache-2.0
 *
 * Bots for routers, cameras and servers.
 */

rule Bot_Linux_Mirai_A
{
    meta:
        author = "Overt project"
        description = "Mirai with its table of passwords, XOR-ed with 0x22"
        family = "Mirai"
        reference = "https://attack.mitre.org/techniques/T1110/001/"
        reference = "https://www.usenix.org/conference/usenixsecurity17/technical-sessions/presentation/antonakakis"
        date = "2026-11-23"
    strings:
        $root = { 50 4D 4D 56 } // root
        $admin = { 43 46 4F 4B 4C } // admin
        $xc3511 = { 5A 41 11 17 13 13 } // xc3511
        $vizxv = { 54 4B 58 5A 54 } // vizxv
        $xmhdipc = { 5A 4F 4A 46 4B 52 41 } // xmhdipc
        $juantech = { 48 57 43 4C 56 47 41 4A } // juantech
        $anko = { 43 4C 49 4D } // anko
        $support = { 51 57 52 52 4D 50 56 } // support
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and
        2 of ($xc3511, $vizxv, $xmhdipc, $juantech) and
        2 of ($root, $admin, $anko, $support)
}

rule Bot_Linux_Mirai_B
{
    meta:
        author = "Overt project"
        description = "Mirai descendant that scans over telnet and reports to its server"
        family = "Mirai"
        reference = "https://www.usenix.org/conference/usenixsecurity17/technical-sessions/presentation/antonakakis"
        date = "2026-11-23"
    strings:
        $box1 = "/bin/busybox \x4DIRAI"
        $box2 = "MIRAI: applet not \x66ound"
        $box3 = "ECCHI: applet not \x66ound"
        $box4 = "/bin/busybox \x45CCHI"
        $kill = "/proc/net/tcp"
        $watch1 = "/dev/watchdog"
        $watch2 = "/dev/misc/watchdog"
        $shell = "enable"
        $sys = "system"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and any of ($box*) and
        2 of ($kill, $watch1, $watch2, $shell, $sys)
}

rule Bot_Linux_Gafgyt_A
{
    meta:
        author = "Overt project"
        description = "Gafgyt (Bashlite) with its command words"
        family = "Gafgyt"
        reference = "https://attack.mitre.org/techniques/T1498/"
        reference = "https://en.wikipedia.org/wiki/BASHLITE"
        date = "2026-11-23"
    strings:
        $c1 = "GETLOCAL\x49P"
        $c2 = "LOLNO\x47TFO"
        $c3 = "KILL\x41TTK"
        $c4 = "SCANNER ON | \x4FFF"
        $c5 = "UDP Flooding %s for %d \x73econds."
        $c6 = "TCP Flooding %s:%d for %d \x73econds."
        $c7 = "BUILD %\x73"
        $c8 = "gayfgt"
        $c9 = "REPORT %s:%s:%\x73"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and 3 of them
}

rule Bot_Linux_Tsunami_A
{
    meta:
        author = "Overt project"
        description = "Tsunami (Kaiten), steered over IRC"
        family = "Tsunami"
        reference = "https://attack.mitre.org/techniques/T1498/"
        reference = "https://packetstormsecurity.com/files/25575/kaiten.c.html"
        date = "2026-11-23"
    strings:
        $n1 = "NOTICE %s :TSUNAMI <target> <\x73ecs>"
        $n2 = "NOTICE %s :PAN <target> <port> <\x73ecs>"
        $n3 = "NOTICE %s :UNKNOWN <target> <\x73ecs>"
        $n4 = "NOTICE %s :Kaiten \x77a goraku"
        $n5 = "NOTICE %s :SPOOFS <iphash/ip\x3E"
        $irc1 = "PRIVMSG"
        $irc2 = "MODE %s -xi"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and 2 of ($n*) and
        any of ($irc*)
}

rule Bot_Linux_XorDdos_A
{
    meta:
        author = "Overt project"
        description = "XorDDoS with its key and hiding places"
        family = "XorDDoS"
        reference = "https://www.microsoft.com/en-us/security/blog/2022/05/19/rise-in-xorddos-a-deeper-look-at-the-stealthy-ddos-malware-targeting-linux-devices/"
        date = "2026-11-23"
    strings:
        $key = "BB2FA36A\x41A9541F0"
        $cron = "*/3 * * * * root /etc/cron.hourly/gcc.\x73h"
        $lib = "cp /lib/libudev.so /lib/libudev.so.\x36"
        $up = "for i in `cat /proc/net/dev|grep :|awk -F: {'print $1'}`; do ifconfig $i up&"
    condition:
        uint32(0) == 0x464C457F and filesize < 4MB and
        2 of ($key, $cron, $lib, $up)
}

rule Downloader_Linux_BotLoader_A
{
    meta:
        author = "Overt project"
        description = "Shell script that fetches and starts a bot for every architecture"
        family = "Mirai-like"
        reference = "https://attack.mitre.org/techniques/T1105/"
        date = "2026-11-23"
    strings:
        $cd = "cd /tmp || cd /var/\x72un || cd /mnt || cd /root || cd /"
        $get1 = "wget http"
        $get2 = "curl -O http"
        $get3 = "tftp -g"
        $get4 = "ftpget -v -u anonymous"
        $mode1 = "chmod 777"
        $mode2 = "chmod +x"
        $arch1 = ".mips"
        $arch2 = ".mpsl"
        $arch3 = ".arm7"
        $arch4 = ".sh4"
        $arch5 = ".ppc"
        $arch6 = ".m68k"
        $rm = "rm -rf"
    condition:
        filesize < 64KB and $cd and any of ($get*) and any of ($mode*) and
        (2 of ($arch*) or $rm)
}
