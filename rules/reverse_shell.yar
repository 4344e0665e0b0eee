/* SPDX-License-Identifier: Apache-2.0
 *
 * Shells that connect back to whoever sent them, as the usual cheat sheets write
 * them, in each language.
 */

rule Backdoor_Script_ReverseShellBash_A
{
    meta:
        author = "Overt project"
        description = "Bash with its input and output on /dev/tcp"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        reference = "https://gtfobins.github.io/gtfobins/bash/#reverse-shell"
        date = "2026-11-23"
    strings:
        $a1 = "bash -i >& /dev/\x74cp/"
        $a2 = "sh -i >& /dev/\x74cp/"
        $a3 = "bash -i &> /dev/\x74cp/"
        $a4 = "sh -i 5<> /dev/\x74cp/"
        $a5 = "sh -i >& /dev/\x75dp/"
        $b1 = "exec 5<>/dev/\x74cp/"
        $b2 = "0<&196;exec 196<>/dev/\x74cp/"
        $b3 = "while read line 0<&5; do $line 2>&5 >&5; done"
    condition:
        filesize < 64KB and (any of ($a*) or $b2 or ($b1 and $b3))
}

rule Backdoor_Script_ReverseShellPython_A
{
    meta:
        author = "Overt project"
        description = "Python that duplicates a socket to a shell's input and output"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/006/"
        reference = "https://gtfobins.github.io/gtfobins/python/#reverse-shell"
        date = "2026-11-23"
    strings:
        $connect = ".connect(("
        $dup1 = "os.dup2(s.fileno(),\x30)"
        $dup2 = "os.dup2(s.fileno(), \x30)"
        $dup3 = "[os.dup2(s.fileno(),f\x64)"
        $sh1 = "pty.spawn("
        $sh2 = "subprocess.call([\"/bin/sh\",\"-i\"])"
        $sh3 = "subprocess.call([\"/bin/bash\""
        $sh4 = "subprocess.call([\"/bin/sh\""
    condition:
        filesize < 64KB and $connect and any of ($dup*) and any of ($sh*)
}

rule Backdoor_Script_ReverseShellPerl_A
{
    meta:
        author = "Overt project"
        description = "Perl with a shell on a socket"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/"
        reference = "https://gtfobins.github.io/gtfobins/perl/#reverse-shell"
        date = "2026-11-23"
    strings:
        $socket1 = "use Socket"
        $socket2 = "IO::Socket::INET"
        $dup1 = "open(STDIN,\">&\x53\")"
        $dup2 = "STDIN->fdopen($c,\x72)"
        $exec1 = "exec(\"/bin/sh -i\")"
        $exec2 = "exec {\"/bin/sh\"}"
        $exec3 = "$~->fdopen($c,w)"
    condition:
        filesize < 64KB and any of ($socket*) and any of ($dup*) and
        any of ($exec*)
}

rule Backdoor_PHP_ReverseShell_A
{
    meta:
        author = "Overt project"
        description = "PHP that gives a shell to a socket, as in the Pentestmonkey script"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1505/003/"
        reference = "https://pentestmonkey.net/tools/web-shells/php-reverse-shell"
        date = "2026-11-23"
    strings:
        $open = "<?php" nocase
        $connect = "fsockopen("
        $sh1 = "/bin/sh -\x69"
        $sh2 = "/bin/bash -\x69"
        $run = "proc_open("
        $pipe1 = "$pipes[0]"
        $pipe2 = "stream_select($read_a, $write_a, $error_a, null)"
        $exec = "exec(\"/bin/sh -i <&3 >&3 2>&3\")"
    condition:
        filesize < 64KB and $open in (0..1024) and $connect and
        (($run and any of ($sh*) and all of ($pipe*)) or $exec)
}

rule Backdoor_Script_ReverseShellNetcat_A
{
    meta:
        author = "Overt project"
        description = "A named pipe between a shell and netcat"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/004/"
        reference = "https://gtfobins.github.io/gtfobins/nc/#reverse-shell"
        date = "2026-11-23"
    strings:
        $fifo1 = "mkfifo /tmp/"
        $fifo2 = "mknod /tmp/"
        $pipe1 = "|/bin/sh -i 2>&1|\x6Ec "
        $pipe2 = "|sh -i 2>&1|\x6Ec "
        $pipe3 = "| /bin/sh -i 2>&1 | \x6Ec "
        $pipe4 = "|/bin/bash -i 2>&1|\x6Ec "
        $pipe5 = "|sh -i 2>&1|\x6Ecat "
        $pipe6 = "|/bin/sh -i 2>&1|openssl \x73_client"
    condition:
        filesize < 64KB and any of ($fifo*) and any of ($pipe*)
}

rule Backdoor_Script_ReverseShellPowershell_A
{
    meta:
        author = "Overt project"
        description = "PowerShell that evaluates what a TCP connection says"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/001/"
        reference = "https://github.com/samratashok/nishang"
        date = "2026-11-23"
    strings:
        $client = "Net.Sockets.TCP\x43lient(" nocase
        $stream = ".GetStream()" nocase
        $iex1 = "(iex $data 2>&1" nocase
        $iex2 = "(Invoke-Expression -Command $data 2>&1" nocase
        $prompt = "'PS ' + (pwd).Path + '> '" nocase
        $bytes = "[byte[]]$bytes = 0..65535|%{0}" nocase
    condition:
        filesize < 64KB and $client and $stream and
        (any of ($iex*)) and ($prompt or $bytes)
}

rule Backdoor_Script_ReverseShellRuby_A
{
    meta:
        author = "Overt project"
        description = "Ruby with a shell on a socket"
        family = "ReverseShell"
        reference = "https://attack.mitre.org/techniques/T1059/"
        reference = "https://gtfobins.github.io/gtfobins/ruby/#reverse-shell"
        date = "2026-11-23"
    strings:
        $open1 = "TCPSocket.open("
        $open2 = "TCPSocket.new("
        $sh1 = "exec sprintf(\"/bin/sh -i <&%d >&%d 2>&%d\",f,f,\x66)"
        $sh2 = "IO.popen(cmd,\"r\"){|io|c.print \x69o.read}"
        $sh3 = "exec(\"/bin/sh -i <&#{s} >&#{s} 2>&#{\x73}\")"
    condition:
        filesize < 64KB and any of ($open*) and any of ($sh*)
}
