/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts that use programs of Windows itself to fetch and start code.
 */

rule Downloader_Script_Certutil_A
{
    meta:
        author = "Overt project"
        description = "certutil used to download a program that is then started"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1105/"
        reference = "https://lolbas-project.github.io/lolbas/Binaries/Certutil/"
        date = "2026-11-23"
    strings:
        $c = "certutil" nocase
        $url = "-url\x63ache" nocase
        $split = "-split" nocase
        $http = "http" nocase
        $run1 = "start " nocase
        $run2 = ".exe &" nocase
        $run3 = "rundll32" nocase
        $run4 = "&& "
    condition:
        filesize < 64KB and $c and $url and $split and $http and
        any of ($run*) and
        for any i in (1..#url) : (@url[i] - @c[1] < 64KB and #http > 0 and
            @http[#http] > @url[i])
}

rule Downloader_Script_Mshta_A
{
    meta:
        author = "Overt project"
        description = "mshta given a remote or inline script"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1218/005/"
        reference = "https://lolbas-project.github.io/lolbas/Binaries/Mshta/"
        date = "2026-11-23"
    strings:
        $a1 = "mshta \x68ttp" nocase
        $a2 = "mshta.exe \x68ttp" nocase
        $a3 = "mshta vbscript:\x43reateObject" nocase
        $a4 = "mshta vbscript:\x45xecute" nocase
        $a5 = "mshta.exe vbscript:\x43" nocase
        $a6 = "mshta javascript:\x61=" nocase
        $a7 = "mshta \"\x68ttp" nocase
        $b1 = ".hta" nocase
        $b2 = "WScript.Shell" nocase
        $b3 = "window.close" nocase
        $b4 = "GetObject(" nocase
        $b5 = "close" nocase
    condition:
        filesize < 64KB and any of ($a*) and any of ($b*)
}

rule Downloader_Script_Regsvr32_A
{
    meta:
        author = "Overt project"
        description = "regsvr32 made to run a remote scriptlet (Squiblydoo)"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1218/010/"
        reference = "https://lolbas-project.github.io/lolbas/Binaries/Regsvr32/"
        date = "2026-11-23"
    strings:
        $r = "regsvr32" nocase
        $i1 = "/i:\x68ttp" nocase
        $i2 = "-i:\x68ttp" nocase
        $dll = "scro\x62j.dll" nocase
    condition:
        filesize < 64KB and $r and any of ($i*) and $dll
}

rule Downloader_Script_Bitsadmin_A
{
    meta:
        author = "Overt project"
        description = "bitsadmin used to download a program that is then started"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1197/"
        reference = "https://lolbas-project.github.io/lolbas/Binaries/Bitsadmin/"
        date = "2026-11-23"
    strings:
        $b1 = "bitsadmin /\x74ransfer" nocase
        $b2 = "bitsadmin.exe /\x74ransfer" nocase
        $http = "http" nocase
        $file1 = "%temp%" nocase
        $file2 = "%appdata%" nocase
        $file3 = "%public%" nocase
        $file4 = "\\users\\public" nocase
        $run1 = "start " nocase
        $run2 = "&& "
        $run3 = "cmd /c" nocase
    condition:
        filesize < 64KB and any of ($b*) and $http and any of ($file*) and
        any of ($run*)
}

rule Downloader_Script_Rundll32_A
{
    meta:
        author = "Overt project"
        description = "rundll32 made to run JavaScript (as Poweliks does)"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1218/011/"
        reference = "https://lolbas-project.github.io/lolbas/Binaries/Rundll32/"
        date = "2026-11-23"
    strings:
        $r = "rundll32" nocase
        $js = "javascript:\"\\..\\\x6Dshtml" nocase
        $run = "RunHTML\x41pplication" nocase
    condition:
        filesize < 256KB and $r and $js and $run
}

rule Downloader_Script_PowershellCradle_A
{
    meta:
        author = "Overt project"
        description = "Hidden PowerShell that evaluates what it downloads"
        family = "LOLBin"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        reference = "https://attack.mitre.org/techniques/T1564/003/"
        date = "2026-11-23"
    strings:
        $p = "powershell" nocase
        $hide1 = "-w hidden" nocase
        $hide2 = "-windowstyle hidden" nocase
        $hide3 = "-win hidden" nocase
        $hide4 = "-w 1 " nocase
        $iex1 = "iex" nocase fullword
        $iex2 = "invoke-expression" nocase
        $get1 = "net.webclient).\x64ownloadstring(" nocase
        $get2 = "net.webclient).\x64ownloaddata(" nocase
        $get3 = "invoke-webrequest \x68ttp" nocase
        $get4 = "iwr \x68ttp" nocase
        $get5 = "irm \x68ttp" nocase
    condition:
        filesize < 64KB and $p and any of ($hide*) and any of ($iex*) and
        any of ($get*)
}
