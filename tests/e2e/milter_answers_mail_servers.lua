-- SPDX-License-Identifier: Apache-2.0
-- What a mail server says to overt-milter, and what it must hear (miltertest(8)).
-- SOCKET, CASE and EICAR are given.

local conn

local function begin(forged)
    conn = mt.connect(SOCKET, 100, 0.1)
    if conn == nil then error "cannot connect" end
    -- it has not asked for what comes before
    if mt.negotiate(conn, nil, nil, nil) ~= nil then error "negotiate" end
    mt.mailfrom(conn, "<a@example>")
    mt.header(conn, "From", "a@example")
    if forged then
        mt.header(conn, "X-Virus-Status", "Clean")
        mt.header(conn, "X-Virus-Status", "Clean")
    end
    mt.header(conn, "Subject", "folded\n\tonce")
    if mt.eoh(conn) ~= nil then error "eoh" end
end

local function finish(expected)
    if mt.eom(conn) ~= nil then error "eom" end
    local reply = mt.getreply(conn)
    if reply ~= expected then
        error("expected " .. expected .. ", heard " .. reply)
    end
end

local function expect_status(text)
    if not mt.eom_check(conn, MT_HDRADD, "X-Virus-Status", text) then
        error("the status is not " .. text .. " but " ..
            tostring(mt.getheader(conn, "X-Virus-Status", 0)))
    end
end

local function send(text)
    if mt.bodystring(conn, text) ~= nil then error "body" end
end

local cases = {}

function cases.usual()
    begin(true)
    send("harmless\r\n")
    finish(SMFIR_ACCEPT)
    expect_status("Clean")
    if not mt.eom_check(conn, MT_HDRDELETE, "X-Virus-Status") then
        error "what was forged stays"
    end
    mt.disconnect(conn)
    begin(false)
    send("first\r\n")
    send(EICAR .. "\r\n")
    finish(SMFIR_REPLYCODE)
    -- another mail on the same connection
    mt.mailfrom(conn, "<a@example>")
    mt.header(conn, "From", "a@example")
    mt.eoh(conn)
    send("harmless\r\n")
    finish(SMFIR_ACCEPT)
    expect_status("Clean")
    mt.disconnect(conn)
end

function cases.tag()
    begin(false)
    send(EICAR .. "\r\n")
    finish(SMFIR_ACCEPT)
    expect_status("Infected (Test.Eicar.UNOFFICIAL)")
    mt.disconnect(conn)
    begin(false)
    send(string.rep("x", 60000))
    finish(SMFIR_ACCEPT)
    expect_status("Inconclusive (limit: max-message)")
    mt.disconnect(conn)
end

function cases.quarantine()
    begin(false)
    send(EICAR .. "\r\n")
    finish(SMFIR_ACCEPT)
    if not mt.eom_check(conn, MT_QUARANTINE) then error "not quarantined" end
    mt.disconnect(conn)
    begin(false)
    send(string.rep("x", 60000))
    finish(SMFIR_TEMPFAIL)
    mt.disconnect(conn)
end

function cases.alone()
    begin(false)
    send("harmless\r\n")
    finish(SMFIR_TEMPFAIL)
    mt.disconnect(conn)
end

local is_good, words = pcall(cases[CASE])
if not is_good then
    mt.echo(tostring(words))
    os.exit(1)
end
