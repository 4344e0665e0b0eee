/* SPDX-License-Identifier: Apache-2.0
 *
 * What hides itself on Linux: libraries by LD_PRELOAD, kernel modules.
 */

rule Rootkit_Linux_PreloadHide_A
{
    meta:
        author = "Overt project"
        description = "Shared library that hides processes or files by its own readdir"
        family = "libprocesshider-like"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        reference = "https://github.com/gianlucaborello/libprocesshider"
        date = "2026-11-23"
    strings:
        $filter = "process_to_\x66ilter"
        $fd = "/proc/self/fd/%d"
        $stat = "/proc/%s/stat"
        $read1 = "readdir"
        $read2 = "readdir64"
        $next = "dlsym"
        $err = "Error in dlsym: %s"
    condition:
        uint32(0) == 0x464C457F and filesize < 1MB and $next and
        all of ($read*) and
        $fd and $stat and ($filter or $err)
}

rule Rootkit_Linux_Azazel_A
{
    meta:
        author = "Overt project"
        description = "Azazel or Jynx, by the names of their hooks"
        family = "Azazel"
        reference = "https://attack.mitre.org/techniques/T1014/"
        reference = "https://github.com/chokepoint/azazel"
        date = "2026-11-23"
    strings:
        $a1 = "HIDE_THIS_\x53HELL"
        $a2 = "is_file_\x69nvisible"
        $a3 = "is_procnet_\x69nvisible"
        $a4 = "azazel_\x69nit"
        $a5 = "hide_\x70orts"
        $a6 = "clean_\x77tmp"
        $a7 = "forge_proc_\x6Eet"
        $a8 = "drop_dup\x73hell"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and 3 of them
}

rule Rootkit_Linux_Diamorphine_A
{
    meta:
        author = "Overt project"
        description = "Diamorphine kernel module"
        family = "Diamorphine"
        reference = "https://attack.mitre.org/techniques/T1547/006/"
        reference = "https://github.com/m0nad/Diamorphine"
        date = "2026-11-23"
    strings:
        $a1 = "diamorphine_\x73ecret"
        $a2 = "hacked_\x67etdents64"
        $a3 = "hacked_\x6Bill"
        $a4 = "module_\x68ide"
        $a5 = "give_\x72oot"
        $a6 = "diamorphine_\x69nit"
    condition:
        uint32(0) == 0x464C457F and filesize < 2MB and 3 of them
}

rule Rootkit_Linux_PreloadInstall_A
{
    meta:
        author = "Overt project"
        description = "Shell script that registers a library in a hidden or temporary place for every program"
        family = "Preload"
        reference = "https://attack.mitre.org/techniques/T1574/006/"
        date = "2026-11-23"
    strings:
        $bang = "#!"
        $p1 = "> /etc/ld.so.\x70reload"
        $p2 = ">/etc/ld.so.\x70reload"
        $p3 = ">> /etc/ld.so.\x70reload"
        $w1 = "chattr +\x69 /etc/ld.so.preload"
        $w2 = "/tmp/"
        $w3 = "/dev/shm/"
        $w4 = "gcc -shared -fPIC"
        $w5 = "gcc -Wall -fPIC -shared"
        $w6 = "/usr/local/lib/lib"
        $get1 = "curl "
        $get2 = "wget "
        $get3 = "base64 -d"
        $get4 = "-ldl"
    condition:
        filesize < 256KB and $bang at 0 and any of ($p*) and any of ($w*) and
        any of ($get*)
}
