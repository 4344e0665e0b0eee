/* SPDX-License-Identifier: Apache-2.0
 *
 * Scripts on a web server, by how many of a web shell's traits they have.
 */

rule Heuristic_PHP_WebshellScore_A
{
    meta:
        author = "Overt project"
        description = "PHP with five or more of the traits of a web shell"
        family = "Webshell"
        verdict = "suspicious"
        reason = "it takes what a visitor sends, runs commands or code, and hides or unpacks itself, as web shells do"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        date = "2026-11-23"
    strings:
        $open = "<?" nocase
        // what a visitor sends, as an argument of what runs it
        $direct = /(eval|assert|system|exec|shell_exec|passthru|popen|proc_open|create_function)\s*\(\s*[^;)]{0,60}\$_(GET|POST|REQUEST|COOKIE|SERVER)\s*[\[{]/ nocase
        $named = /\$_(GET|POST|REQUEST|COOKIE)\s*\[\s*['"](cmd|c|e|exec|command|shell|pass|pwd|action|act|do|code|p1|ev|x)['"]\s*\]/ nocase
        $run1 = /[^a-z0-9_>](system|passthru|shell_exec|proc_open|popen|pcntl_exec)\s*\(/ nocase
        $code1 = /[^a-z0-9_>](eval|assert|create_function)\s*\(\s*[^)'"]/ nocase
        $unpack1 = "base64_decode" nocase fullword
        $unpack2 = "gzinflate" nocase fullword
        $unpack3 = "str_rot13" nocase fullword
        $unpack4 = "gzuncompress" nocase fullword
        $quiet1 = /error_reporting\s*\(\s*0\s*\)/ nocase
        $quiet2 = /@?ini_set\s*\(\s*['"]display_errors['"]\s*,\s*['"]?(0|off|false)/ nocase
        $quiet3 = /@?set_time_limit\s*\(\s*0\s*\)/ nocase
        $touch1 = /[^a-z0-9_>]touch\s*\(\s*\$/ nocase
        $touch2 = "chmod" nocase fullword
        $touch3 = "posix_getpwuid" nocase fullword
        $touch4 = "disable_functions" nocase
        $touch5 = "safe_mode" nocase
        $upload = "move_uploaded_file" nocase fullword
        $calls = /\$[a-z0-9_]{1,20}\s*\(\s*\$_(GET|POST|REQUEST|COOKIE)/ nocase
        $glued = /\$\{?['"]?[_a-z]{1,12}['"]?\}?\s*=\s*['"][a-z_]{1,8}['"]\s*\.\s*['"][a-z_]{1,8}['"]\s*\.\s*['"][a-z0-9_]{1,8}['"]/ nocase
        $net = "fsockopen" nocase fullword
        $etc = "/etc/passwd"
        $uname = "php_uname" nocase fullword
    condition:
        filesize < 512KB and $open in (0..1024) and
        (($direct or $calls) and 3 of (
                $named, $run1, $code1, any of ($unpack*), any of ($quiet*),
                any of ($touch*), $upload, $glued, $net, $etc, $uname) or
            $named and $run1 and 4 of (
                $code1, any of ($unpack*), any of ($quiet*),
                any of ($touch*), $upload, $glued, $net, $etc, $uname))
}
