/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents that do something when they are opened. Firms do this, too: so they
 * are only suspicious.
 */

rule Heuristic_Office_MacroAutoRun_A
{
    meta:
        author = "Overt project"
        description = "VBA that runs by itself and can download or start programs"
        family = "Macro"
        verdict = "suspicious"
        reason = "its macros run when the document is opened, and download or start something"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        reference = "https://attack.mitre.org/techniques/T1059/005/"
        date = "2026-11-23"
    strings:
        $vba = "Attribute VB_" nocase
        $auto1 = /Sub\s+(Auto_?Open|Auto_?Exec|Auto_?Close|AutoNew|Document_(Open|New|Close|BeforeClose)|Workbook_(Open|Activate|BeforeClose))\s*\(/ nocase
        $get1 = "URLDownloadToFile" nocase
        $get2 = "XMLHTTP" nocase
        $get3 = "WinHttpRequest" nocase
        $get4 = "InternetOpenUrl" nocase
        $get5 = "DownloadFile" nocase
        $get6 = "DownloadString" nocase
        $get7 = "bitsadmin" nocase
        $get8 = "InternetExplorer.Application" nocase
        $run1 = "WScript.Shell" nocase
        $run2 = /[^a-z._]Shell\s*[( "]/ nocase
        $run3 = "ShellExecute" nocase
        $run4 = "Win32_Process" nocase
        $run5 = "powershell" nocase
        $run6 = "cmd.exe" nocase
        $run7 = "CreateThread" nocase
        $run8 = "Shell.Application" nocase
        $run9 = "mshta" nocase
    condition:
        filesize < 4MB and $vba in (0..512) and $auto1 and
        (any of ($get*) or any of ($run*))
}

rule Heuristic_PDF_Launch_A
{
    meta:
        author = "Overt project"
        description = "PDF that starts a program or a file that it carries"
        family = "PdfAction"
        verdict = "suspicious"
        reason = "opening it runs a command, or saves and opens a file that it carries"
        reference = "https://attack.mitre.org/techniques/T1204/002/"
        date = "2026-11-23"
    strings:
        $pdf = "%PDF-"
        $launch = /\/S\s*\/Launch/
        $auto1 = "/OpenAction"
        $auto2 = "/AA"
        $what1 = /\/F\s*\([^)]{0,200}\.(exe|scr|bat|cmd|vbs|js|hta|ps1|lnk)/ nocase
        $what2 = /\/(Win|Unix|Mac)\s*<</
        $what3 = /\/P\s*\(/
        $export = "exportDataObject" nocase
        $opens = /nLaunch\s*:\s*[12]/ nocase
    condition:
        $pdf in (0..1024) and
        ((any of ($auto*) and $launch and any of ($what*)) or
            ($export and $opens))
}
