/* SPDX-License-Identifier: Apache-2.0
 *
 * Web shells in PHP: one-line back doors that run what a request says, and the
 * well-known file managers.
 */

rule Webshell_PHP_EvalRequest_A
{
    meta:
        author = "Overt project"
        description = "PHP one-liner that evaluates request data as code"
        family = "ChinaChopper-like"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://www.cisa.gov/news-events/alerts/2015/11/10/compromised-web-servers-and-web-shells-threat-awareness-and-guidance"
        date = "2026-11-23"
    strings:
        $open1 = "<?php" nocase
        $open2 = "<?="
        $eval1 = "eval($_\x50OST[" nocase
        $eval2 = "eval($_\x47ET[" nocase
        $eval3 = "eval($_\x52EQUEST[" nocase
        $eval4 = "eval($_\x43OOKIE[" nocase
        $eval5 = "assert($_\x50OST[" nocase
        $eval6 = "assert($_\x47ET[" nocase
        $eval7 = "assert($_\x52EQUEST[" nocase
    condition:
        filesize < 8KB and ($open1 in (0..128) or $open2 in (0..128)) and
        any of ($eval*)
}

rule Webshell_PHP_CommandRequest_A
{
    meta:
        author = "Overt project"
        description = "PHP one-liner that passes request data to a shell"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        date = "2026-11-23"
    strings:
        $open1 = "<?php" nocase
        $open2 = "<?="
        $run1 = "system($_\x47ET[" nocase
        $run2 = "system($_\x50OST[" nocase
        $run3 = "system($_\x52EQUEST[" nocase
        $run4 = "passthru($_\x47ET[" nocase
        $run5 = "passthru($_\x50OST[" nocase
        $run6 = "passthru($_\x52EQUEST[" nocase
        $run7 = "shell_exec($_\x47ET[" nocase
        $run8 = "shell_exec($_\x50OST[" nocase
        $run9 = "shell_exec($_\x52EQUEST[" nocase
        $run10 = "popen($_\x47ET[" nocase
        $run11 = "popen($_\x50OST[" nocase
        $run12 = "popen($_\x52EQUEST[" nocase
    condition:
        filesize < 8KB and ($open1 in (0..128) or $open2 in (0..128)) and
        any of ($run*)
}

rule Webshell_PHP_DecodeRequest_A
{
    meta:
        author = "Overt project"
        description = "PHP that decodes request data and evaluates it"
        family = "Generic"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://attack.mitre.org/techniques/T1140/"
        date = "2026-11-23"
    strings:
        $open1 = "<?php" nocase
        $open2 = "<?="
        $e1 = "eval(base64_decode($_\x50OST" nocase
        $e2 = "eval(base64_decode($_\x52EQUEST" nocase
        $e3 = "eval(base64_decode($_\x43OOKIE" nocase
        $e4 = "eval(base64_decode($_\x53ERVER['HTTP_" nocase
        $e5 = "eval(gzinflate(base64_decode($_\x50OST" nocase
        $e6 = "eval(gzuncompress(base64_decode($_\x50OST" nocase
        $e7 = "eval(str_rot13($_\x50OST" nocase
    condition:
        filesize < 64KB and ($open1 in (0..128) or $open2 in (0..128)) and
        any of ($e*)
}

rule Webshell_PHP_WSO_A
{
    meta:
        author = "Overt project"
        description = "WSO (web shell by oRb) file manager and its descendants"
        family = "WSO"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://www.cisa.gov/news-events/alerts/2015/11/10/compromised-web-servers-and-web-shells-threat-awareness-and-guidance"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $f1 = "function wso\x45x("
        $f2 = "function wso\x48eader("
        $f3 = "function wso\x4Cogin("
        $f4 = "WSO\x73etcookie("
        $f5 = "function action\x46ilesMan("
        $f6 = "function action\x53afeMode("
        $f7 = "function wso\x53ecParam("
    condition:
        filesize < 512KB and $open in (0..512) and 3 of ($f*)
}

rule Webshell_PHP_C99_A
{
    meta:
        author = "Overt project"
        description = "c99shell file manager and its descendants"
        family = "c99"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        date = "2026-11-23"
    strings:
        $open = "<?"
        $f1 = "c99\x66sbuff"
        $f2 = "c99\x73h_getupdate"
        $f3 = "c99\x66tpbrutecheck"
        $f4 = "c99\x73hexit"
        $f5 = "$c99\x73h_updatefurl"
        $f6 = "c99\x73ess_put"
    condition:
        filesize < 1MB and $open in (0..512) and 2 of ($f*)
}

rule Webshell_PHP_B374k_A
{
    meta:
        author = "Overt project"
        description = "b374k web shell, packed or plain"
        family = "b374k"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://github.com/b374k/b374k"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $name = "b3\x374k" nocase
        $pass = "$GLOBALS['\x70ass']"
        $func = "$func=\"cr\".\"eat\".\"e_fun\".\"cti\".\"on\""
        $eval = "'ev'.'al'.'(\"?>\".gz'."
    condition:
        filesize < 1MB and $open in (0..512) and
        ($func or $eval or ($name and $pass))
}

rule Webshell_PHP_Behinder_A
{
    meta:
        author = "Overt project"
        description = "Behinder (Rebeyond) server part, encrypted commands with a session key"
        family = "Behinder"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://github.com/rebeyond/Behinder"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $input = "file_get_contents(\"php://\x69nput\")"
        $key = "$_\x53ESSION['k']=$key"
        $aes = "openssl_\x64ecrypt($post, \"AES128\", $key)"
        $default = "e45e329f\x65b5d925b"
        $call = "class C{public function __\x69nvoke($p) {eval($p."
    condition:
        filesize < 16KB and $open in (0..128) and
        3 of ($input, $key, $aes, $default, $call)
}

rule Webshell_PHP_Godzilla_A
{
    meta:
        author = "Overt project"
        description = "Godzilla server part"
        family = "Godzilla"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://github.com/BeichenDream/Godzilla"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $xor1 = "function encode($D,$K)"
        $xor2 = "$K[$i+1&15]"
        $name = "$payloadName="
        $info = "getBasics\x49nfo"
        $key = "3c6e0b8a\x39c15224a"
    condition:
        filesize < 16KB and $open in (0..128) and $xor2 and
        2 of ($xor1, $name, $info, $key)
}
