// SPDX-License-Identifier: Apache-2.0
// usage: node_clients.js SOCKET PORT FOLDER
//
// Asks the clamd at SOCKET and PORT by the packages clamscan, clamdjs and
// clamav.js in NODE_TOOLS. FOLDER has the files bad, worse and good.
'use strict';
const assert = require('assert');
const fs = require('fs');
const net = require('net');
const path = require('path');

const packages = path.join(process.env.NODE_TOOLS, 'node_modules');
const use = (name) => require(path.join(packages, name));
const [socket, portText, folder] = process.argv.slice(2);
const port = Number(portText);
const host = '127.0.0.1';
const bad = path.join(folder, 'bad');
const worse = path.join(folder, 'worse');
const good = path.join(folder, 'good');
const rule = 'Test.Eicar.UNOFFICIAL';

// clamscan sends PING without an end, and waits.
async function clamscan(where) {
  const Clamscan = use('clamscan');
  const scanner = await new Clamscan().init({
    preference: 'clamdscan',
    clamscan: {active: false},
    clamdscan: {...where, localFallback: false, path: false,
      bypassTest: false, timeout: 30000},
  });

  assert.match(await scanner.getVersion(), /^ClamAV /);
  const pinged = await scanner.ping();
  pinged.destroy();
  const found = await scanner.isInfected(bad);
  assert.strictEqual(found.isInfected, true);
  assert.deepStrictEqual(found.viruses, [rule]);
  assert.strictEqual((await scanner.isInfected(good)).isInfected, false);

  const inStream = await scanner.scanStream(fs.createReadStream(bad));
  assert.strictEqual(inStream.isInfected, true);
  assert.deepStrictEqual(inStream.viruses, [rule]);
  const clean = await scanner.scanStream(fs.createReadStream(good));
  assert.strictEqual(clean.isInfected, false);

  const dir = await scanner.scanDir(folder);
  assert.deepStrictEqual(dir.badFiles.sort(), [bad, worse]);
  assert.deepStrictEqual(await wholeFolder(scanner), [bad, worse]);
  const files = await scanner.scanFiles([bad, good]);
  assert.deepStrictEqual(files.badFiles, [bad]);
  assert.deepStrictEqual(files.goodFiles, [good]);
  await passthrough(scanner, bad, 'scan-complete', true);
  await passthrough(scanner, good, 'scan-complete', false);
}

// With a function it asks for the folder as a whole, without an end.
function wholeFolder(scanner) {
  return new Promise((resolve, reject) => {
    scanner.scanDir(folder, (error, _good, badFiles) => error ? reject(error) :
      resolve(badFiles.map((one) => one.file).filter(Boolean).sort()));
  });
}

function passthrough(scanner, file, event, isInfected) {
  return new Promise((resolve, reject) => {
    const through = scanner.passthrough();
    through.on(event, (result) => {
      try {
        assert.strictEqual(result.isInfected, isInfected);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    through.on('error', reject);
    fs.createReadStream(file).pipe(through).resume();
  });
}

async function clamdjs() {
  const clamd = use('clamdjs');
  const scanner = clamd.createScanner(host, port);
  const text = (answer) => answer.replace(/\0/g, '');

  assert.strictEqual(await clamd.ping(host, port, 30000), true);
  assert.match(await clamd.version(host, port, 30000), /^ClamAV /);
  assert.strictEqual(text(await scanner.scanFile(bad, 30000)),
    `stream: ${rule} FOUND`);
  const answer = await scanner.scanBuffer(fs.readFileSync(good), 30000, 1000);
  assert.strictEqual(text(answer), 'stream: OK');
  assert.strictEqual(clamd.isCleanReply(answer), true);
  const all = await scanner.scanDirectory(folder, {timeout: 30000,
    detail: true});
  assert.strictEqual(all.ScannedFiles, 3);
  assert.strictEqual(all.Infected, 2);
}

function clamavJs() {
  const scanner = use('clamav.js').createScanner(port, host);
  const scan = (file) => new Promise((resolve, reject) => {
    scanner.scan(file, (error, _object, malicious) =>
      error ? reject(error) : resolve(malicious));
  });
  const ask = (what) => new Promise((resolve, reject) => {
    use('clamav.js')[what](port, host, 30000, (error, text) =>
      error ? reject(error) : resolve(text));
  });
  return (async () => {
    await ask('ping');
    assert.match(await ask('version'), /^ClamAV /);
    assert.strictEqual(await scan(bad), rule);
    assert.strictEqual(await scan(good), undefined);
  })();
}

(async () => {
  process.removeAllListeners('warning');
  assert.ok(net.isIP(host));
  await clamscan({socket});
  await clamscan({host, port});
  await clamdjs();
  await clamavJs();
})().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
