/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of phishing kits that lie on a server.
 */

rule Phishing_PHP_MailResult_A
{
    meta:
        author = "Overt project"
        description = "PHP that mails what was typed into a login form"
        family = "PhishingKit"
        reference = "https://attack.mitre.org/techniques/T1566/"
        reference = "https://apwg.org"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $post1 = "$_POST['\x70assword']" nocase
        $post2 = "$_POST['\x70ass']" nocase
        $post3 = "$_POST['\x70asswd']" nocase
        $post4 = "$_POST[\"\x70assword\"]" nocase
        $ip1 = "getenv(\"REMOTE_\x41DDR\")"
        $ip2 = "$_SERVER['REMOTE_\x41DDR']"
        $line1 = "|--------------|"
        $line2 = "-----------------+"
        $line3 = "Created \x42y"
        $line4 = "$bilsmg"
        $line5 = "ReZulT" nocase
        $mail = "mail($"
        $go1 = "header(\"Location:" nocase
        $go2 = "header('Location:" nocase
    condition:
        filesize < 64KB and $open in (0..256) and any of ($post*) and
        any of ($ip*) and
        any of ($line*) and $mail and any of ($go*)
}

rule Phishing_PHP_TelegramResult_A
{
    meta:
        author = "Overt project"
        description = "PHP that sends a login form to a Telegram chat"
        family = "PhishingKit"
        reference = "https://attack.mitre.org/techniques/T1566/"
        reference = "https://attack.mitre.org/techniques/T1567/"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $post1 = "$_POST['\x70assword']" nocase
        $post2 = "$_POST['\x70ass']" nocase
        $post3 = "$_POST['\x63vv']" nocase
        $post4 = "$_POST['\x6Ftp']" nocase
        $bot = "api.telegram.org/\x62ot" nocase
        $send = "sendMessage" nocase
        $ip = "REMOTE_\x41DDR"
    condition:
        filesize < 64KB and $open in (0..256) and any of ($post*) and $bot and
        $send and $ip
}

rule Phishing_HTML_EncodedPage_A
{
    meta:
        author = "Overt project"
        description = "HTML attachment that unpacks a login page with the victim's address"
        family = "PhishingKit"
        reference = "https://attack.mitre.org/techniques/T1027/006/"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        date = "2026-11-23"
    strings:
        $html1 = "<html" nocase
        $html2 = "<script" nocase
        $write1 = "document.write(\x75nescape(" nocase
        $write2 = "document.write(\x61tob(" nocase
        $write3 = "document.write(decodeURIComponent(\x61tob(" nocase
        $mail1 = "var email" nocase
        $mail2 = "data-email" nocase
        $mail3 = "window.location.hash.\x73ubstr" nocase
        $post1 = "%3Cform" nocase
        $post2 = "PGZvcm0" // <form
        $post3 = "cGFzc3dvcmQ" // password
        $post4 = "%70%61%73%73" nocase
    condition:
        filesize < 2MB and any of ($html*) in (0..512) and any of ($write*) and
        any of ($mail*) and any of ($post*)
}
