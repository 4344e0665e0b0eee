/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts and pages that want something of their reader.
 */

rule Heuristic_HTML_CredentialForm_A
{
    meta:
        author = "Overt project"
        description = "Page that stands alone, shows a known name, and sends a password elsewhere"
        family = "Phishing"
        verdict = "suspicious"
        reason = "a form asks for a password in the name of a known service and sends it to an address of its own"
        reference = "https://attack.mitre.org/techniques/T1598/003/"
        reference = "https://attack.mitre.org/techniques/T1566/001/"
        date = "2026-11-23"
    strings:
        $html1 = "<html" nocase
        $html2 = "<form" nocase
        $password = /<input[^>]{0,200}type\s*=\s*["']?password/ nocase
        // to a full address, by a form or by a script
        $action = /<form[^>]{0,300}action\s*=\s*["']?(https?:)?\/\/[a-z0-9.-]{4,80}/ nocase
        $send1 = /(\$\.ajax|\$\.post|fetch|XMLHttpRequest|axios\.post)\s*\(/ nocase
        $send2 = "api.telegram.org/bot" nocase
        $php = /action\s*=\s*["']?(https?:)?\/\/[^"' >]{4,200}\.php/ nocase
        $raw = /action\s*=\s*["']?https?:\/\/[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}/ nocase
        $brand = /<title>[^<]{0,60}(microsoft|office ?365|outlook|onedrive|sharepoint|google|gmail|paypal|apple id|icloud|amazon|netflix|facebook|instagram|dhl|fedex|docusign|adobe|dropbox|wells fargo|chase|linkedin|webmail|roundcube|zimbra)/ nocase
        $logo = /<img[^>]{0,300}src\s*=\s*["']?(https?:\/\/[^"' >]{0,100}(microsoft|msftauth|gstatic|paypal|apple|amazon|adobe|dropbox)|data:image\/)/ nocase
        $press1 = /verify your (account|identity|e-?mail|password)/ nocase
        $press2 = /(session|password|account) (has )?(expired|will expire|been (suspended|limited|locked))/ nocase
        $press3 = /(unusual|suspicious) (sign-?in|activity|login)/ nocase
        $press4 = /sign in to (view|continue|read|access|open)/ nocase
        $press5 = /confirm your (password|identity|account)/ nocase
        $hide1 = "document.write(unescape(" nocase
        $hide2 = "document.write(atob(" nocase
        $hide3 = /eval\s*\(\s*(unescape|atob)\s*\(/ nocase
        $hide4 = "oncontextmenu=\"return false" nocase
    condition:
        filesize < 2MB and any of ($html*) and $password and
        ($action or $send2 or ($send1 and ($logo or any of ($hide*)))) and
        2 of ($brand, $logo, any of ($press*), any of ($hide*), $php, $raw,
            $send2) and
        ($brand or any of ($press*))
}

rule Heuristic_Any_RansomNote_A
{
    meta:
        author = "Overt project"
        description = "Short text with a burst of the phrases of ransom notes"
        family = "RansomNote"
        verdict = "suspicious"
        reason = "it says what was done to files, what to pay, and how to be in touch, as ransom notes do"
        reference = "https://attack.mitre.org/techniques/T1486/"
        date = "2026-11-23"
    strings:
        $done1 = /(your|all|the) (files?|data|documents|network|servers?|systems?)[a-z, ]{0,40} (have been|has been|was|were|are|is) (encrypted|locked|stolen|crypted|exfiltrated)/ nocase
        $done2 = /we (have )?(encrypted|stolen|downloaded|exfiltrated|hacked) (all )?(of )?(your|the)/ nocase
        $pay1 = /(bitcoin|btc|monero|xmr)[^a-z]/ nocase
        $pay2 = /(pay|price|ransom|payment)[^a-z]/ nocase
        $key1 = /decrypt(ion|or|er)? (tool|key|software|your|all|program)/ nocase
        $key2 = /private key|unique (id|key)|personal (id|key)/ nocase
        $tor1 = ".onion" nocase
        $tor2 = "tor browser" nocase
        $tor3 = "torproject.org" nocase
        $mail = /[a-z0-9._-]{3,30}@(proton(mail)?\.(com|me)|tuta(nota)?\.(com|io)|onionmail\.org|cock\.li|aol\.com|airmail\.cc|mail2tor\.com|tutamail\.com|cyberfear\.com)/ nocase
        $tox = /tox (id|chat)|session id|qtox/ nocase
        $warn1 = /do(n't| not) (rename|modify|try to (decrypt|recover|restore)|delete|use third)/ nocase
        $warn2 = /(will|be) (be )?(publish|leak|sold|lost forever|permanently)/ nocase
        $proof = /(free|test) (decrypt|file)|decrypt (one|1|two|2|three|3|up to)/ nocase
        $time = /(within|in|after|you have) [0-9]{1,3} ?(hours|days)/ nocase
        $rule = "condition:" // of rules, which quote notes
    condition:
        filesize > 100 and filesize < 32KB and not $rule and any of ($done*) and
        5 of (any of ($pay*), any of ($key*), any of ($tor*), $mail, $tox,
            any of ($warn*), $proof, $time)
}
