/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that lie about what a file is. Of files and of members of archives and
 * mails; what is in the file does not matter here.
 */

rule Heuristic_Any_NameDouble_A
{
    meta:
        author = "Overt project"
        description = "Name of a document or picture with a program's ending behind it"
        family = "Masquerading"
        verdict = "suspicious"
        reason = "the name looks like a document's, but its last ending makes it a program"
        reference = "https://attack.mitre.org/techniques/T1036/007/"
        date = "2026-11-23"
    condition:
        filename matches
        /\.(pdf|docx?|xlsx?|pptx?|rtf|odt|txt|csv|jpe?g|png|gif|bmp|mp[34]|avi|mkv|html?|zip|rar|7z)[ _]*\.(exe|scr|com|pif|cpl|hta|lnk|msi)$/i or
        filename matches
        /\.(pdf|docx?|xlsx?|pptx?|rtf|odt|jpe?g|gif|mp[34]|avi|mkv)[ _]*\.(bat|cmd|vbs|vbe|js|jse|wsf|wsh|ps1)$/i
}

rule Heuristic_Any_NameSpaces_A
{
    meta:
        author = "Overt project"
        description = "Name with a program's ending pushed out of sight by blanks"
        family = "Masquerading"
        verdict = "suspicious"
        reason = "many blanks in the name hide that its ending makes it a program"
        reference = "https://attack.mitre.org/techniques/T1036/"
        date = "2026-11-23"
    condition:
        filename matches
        /([ \t]|\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x80-\x8b]){8,}\.(exe|scr|com|pif|cpl|hta|lnk|msi|bat|cmd|vbs|vbe|jse?|wsf|wsh|ps1)$/i
}

rule Heuristic_Any_NameTurned_A
{
    meta:
        author = "Overt project"
        description = "Name with a right-to-left override in it"
        family = "Masquerading"
        verdict = "suspicious"
        reason = "a character in the name turns its end around, so that it reads as another ending"
        reference = "https://attack.mitre.org/techniques/T1036/002/"
        date = "2026-11-23"
    condition:
        // U+202E, U+202D, as UTF-8
        filename matches /\xe2\x80[\xad\xae]/
}
