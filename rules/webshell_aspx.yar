/* SPDX-License-Identifier: Apache-2.0
 *
 * Web shells in ASP and ASP.NET.
 */

rule Webshell_ASPX_ChinaChopper_A
{
    meta:
        author = "Overt project"
        description = "China Chopper server part in ASP.NET"
        family = "ChinaChopper"
        reference = "https://attack.mitre.org/software/S0020/"
        date = "2026-11-23"
    strings:
        $page = "<%@ Page Language=" nocase
        $eval1 = "eval(Request.\x49tem[" nocase
        $eval2 = "eval(Request.\x46orm[" nocase
        $unsafe = ",\"unsafe\")" nocase
    condition:
        filesize < 8KB and $page in (0..256) and any of ($eval*) and $unsafe
}

rule Webshell_ASP_ChinaChopper_A
{
    meta:
        author = "Overt project"
        description = "China Chopper server part in classic ASP"
        family = "ChinaChopper"
        reference = "https://attack.mitre.org/software/S0020/"
        date = "2026-11-23"
    strings:
        $e1 = "<%eval reques\x74(" nocase
        $e2 = "<%execute reques\x74(" nocase
        $e3 = "<%executeglobal reques\x74(" nocase
        $e4 = "<%eval(reques\x74(" nocase
    condition:
        filesize < 8KB and any of them
}

rule Webshell_ASPX_Command_A
{
    meta:
        author = "Overt project"
        description = "ASP.NET page that starts cmd.exe with data from a request"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        date = "2026-11-23"
    strings:
        $page = "<%@ Page Language=" nocase
        $start = "ProcessStart\x49nfo" nocase
        $cmd1 = "cmd.exe" nocase
        $cmd2 = "powershell.exe" nocase
        $arg = "\"/c \" + " nocase
        $out = "RedirectStandard\x4Futput = true" nocase
        $in1 = "Request.Form[" nocase
        $in2 = "Request.QueryString[" nocase
        $in3 = "Request[" nocase
        $in4 = ".Text"
    condition:
        filesize < 64KB and $page in (0..256) and $start and $out and
        any of ($cmd*) and $arg and any of ($in*)
}
