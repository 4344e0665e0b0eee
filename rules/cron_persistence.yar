/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes back by cron.
 */

rule Trojan_Linux_CronDownload_A
{
    meta:
        author = "Overt project"
        description = "Crontab that pipes a download to a shell"
        family = "Cron"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        date = "2026-11-23"
    strings:
        $t1 = "* * * * * "
        $t2 = "*/1 * * * * "
        $t3 = "*/5 * * * * "
        $t4 = "*/10 * * * * "
        $t5 = "*/15 * * * * "
        $t6 = "*/30 * * * * "
        $t7 = "@reboot "
        // "curl " or "wget ", an address, "|" and "sh" or "bash"
        $pipe = {
            ( 63 75 72 6C | 77 67 65 74 ) 20 [0-24] 68 74 74 70 [4-160]
            7C [0-1] ( 73 68 | 62 61 73 68 )
        }
    condition:
        filesize < 4KB and uint16(0) != 0x2123 and any of ($t*) and $pipe
}

rule Trojan_Script_CronInstall_A
{
    meta:
        author = "Overt project"
        description = "Shell script that puts a download into crontab"
        family = "Cron"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $tab1 = "| crontab \x2D"
        $tab2 = "|crontab \x2D"
        $tab3 = "> /etc/cron.d/"
        $tab4 = ">/etc/cron.d/"
        $tab5 = "> /var/spool/cron/"
        $tab6 = ">> /var/spool/cron/"
        $tab7 = ">/var/spool/cron/"
        $pipe1 = "curl -fsSL http"
        $pipe2 = "wget -q -O- http"
        $pipe3 = "curl -s http"
        $get = { 68 74 74 70 [8-160] 7C [0-1] ( 73 68 | 62 61 73 68 ) }
        $when1 = "* * * * "
        $when2 = "@reboot"
    condition:
        filesize < 256KB and $bang at 0 and any of ($tab*) and
        any of ($pipe*) and $get and any of ($when*)
}

rule Trojan_Script_CronHidden_A
{
    meta:
        author = "Overt project"
        description = "Crontab entry for a hidden program in a world-writable folder"
        family = "Cron"
        reference = "https://attack.mitre.org/techniques/T1053/003/"
        reference = "https://attack.mitre.org/techniques/T1564/001/"
        date = "2026-11-23"
    strings:
        $t1 = "* * * * * "
        $t2 = "*/1 * * * * "
        $t3 = "@reboot "
        $dir1 = "/tmp/\x2E"
        $dir2 = "/var/tmp/\x2E"
        $dir3 = "/dev/shm/\x2E"
        $null = ">/dev/null 2>&1"
    condition:
        filesize < 4KB and uint16(0) != 0x2123 and any of ($t*) and
        any of ($dir*) and $null
}
