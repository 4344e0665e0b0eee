/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes back by systemd.
 */

rule Trojan_Linux_SystemdUnit_A
{
    meta:
        author = "Overt project"
        description = "Unit that starts a hidden or temporary program, or a download"
        family = "Systemd"
        reference = "https://attack.mitre.org/techniques/T1543/002/"
        date = "2026-11-23"
    strings:
        $unit = "[Unit]"
        $service = "[Service]"
        $a1 = "ExecStart=\x2Ftmp/"
        $a2 = "ExecStart=\x2Fvar/tmp/"
        $a3 = "ExecStart=\x2Fdev/shm/"
        // "ExecStart=", "curl " or "wget ", "|", "sh" or "bash"
        $a4 = {
            45 78 65 63 53 74 61 72 74 3D [1-80] ( 63 75 72 6C | 77 67 65
            74 ) 20 [4-120] 7C [0-1] ( 73 68 | 62 61 73 68 )
        }
        $install = "WantedBy="
    condition:
        filesize < 8KB and $unit in (0..512) and $service and $install and
        any of ($a*)
}

rule Trojan_Script_SystemdInstall_A
{
    meta:
        author = "Overt project"
        description = "Shell script that writes and enables a unit for a program it fetched"
        family = "Systemd"
        reference = "https://attack.mitre.org/techniques/T1543/002/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $write1 = "> /etc/systemd/system/"
        $write2 = ">/etc/systemd/system/"
        $write3 = "> /lib/systemd/system/"
        $write4 = ">/lib/systemd/system/"
        $enable = "systemctl enable"
        $run1 = "ExecStart=\x2Ftmp/"
        $run2 = "ExecStart=\x2Fvar/tmp/"
        $run3 = "ExecStart=\x2Fdev/shm/"
        $get1 = "curl "
        $get2 = "wget "
    condition:
        filesize < 256KB and $bang at 0 and any of ($write*) and $enable and
        any of ($run*) and any of ($get*)
}
