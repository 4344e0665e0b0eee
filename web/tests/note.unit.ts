// SPDX-License-Identifier: Apache-2.0
// Signed notes with keys that are made here, so that every refusal can be tried.
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { base64, concat, hex, utf8, type Bytes } from '../src/proof/bytes'
import { sha256 } from '../src/proof/hashes'
import { verify as verifyFallback } from '../src/proof/fallback'
import { parseKey, parseNote, verifySignature } from '../src/proof/note'
import { checkCheckpoint, parsePolicy } from '../src/proof/quorum'
import { canonical } from '../src/proof/tuf'

interface Signer { line: string; name: string; id: Bytes; key: KeyObject; raw: Bytes }

async function newSigner(name: string, type: number): Promise<Signer> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(
    publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
  const typed = concat(Uint8Array.of(type), raw)
  const id = (await sha256(utf8(name + '\n'), typed)).subarray(0, 4)
  return { line: `${name}+${hex(id)}+${base64(typed)}`, name, id, key: privateKey, raw }
}

function signatureLine(s: Signer, bytes: Bytes): string {
  return `\u2014 ${s.name} ${base64(concat(s.id, bytes))}\n`
}

function plain(s: Signer, text: string): string {
  return signatureLine(s, new Uint8Array(sign(null, utf8(text), s.key)))
}

function cosigned(s: Signer, text: string, time: number): string {
  const stamp = new Uint8Array(8)
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time))
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`)
  return signatureLine(s, concat(stamp, new Uint8Array(sign(null, message, s.key))))
}

let log: Signer
let witnesses: Signer[]
let policyText: string
const body = `log.example\n9\n${base64(new Uint8Array(32))}\n`

beforeAll(async () => {
  log = await newSigner('log.example', 1)
  witnesses = await Promise.all([1, 2, 3].map((n) => newSigner(`w${n}.example`, 4)))
  policyText = `log ${log.line}\n` +
    witnesses.map((w, i) => `witness w${i + 1} ${w.line} https://${w.name}\n`).join('') +
    'group W 2 w1 w2 w3\nquorum W\n'
})

function checkpoint(times: number[]): Bytes {
  return utf8(body + '\n' + plain(log, body) +
    times.map((t, i) => (t > 0 ? cosigned(witnesses[i], body, t) : '')).join(''))
}

describe('a checkpoint', () => {
  it('is vouched for by the time that a quorum reaches', async () => {
    const seen = await checkCheckpoint(await parsePolicy(policyText), checkpoint([50, 10, 70]))
    expect(seen.checkpoint.size).toBe(9)
    expect(seen.vouched).toBe(50)
    expect(seen.times.size).toBe(3)
  })

  it('has no quorum with one of two witnesses that are needed', async () => {
    const seen = await checkCheckpoint(await parsePolicy(policyText), checkpoint([0, 0, 70]))
    expect(seen.vouched).toBe(0)
  })

  it('is refused if one byte of any signature is another', async () => {
    const policy = await parsePolicy(policyText)
    for (const signer of [log.name, 'w2.example']) {
      const lines = new TextDecoder().decode(checkpoint([50, 10, 70])).split('\n')
      const at = lines.findIndex((l) => l.startsWith(`\u2014 ${signer} `))
      const end = lines[at].slice(-8, -7) === 'A' ? 'B' : 'A'
      lines[at] = lines[at].slice(0, -8) + end + lines[at].slice(-7)
      await expect(checkCheckpoint(policy, utf8(lines.join('\n')))).rejects.toThrow(/hold/)
    }
  })

  it('is refused without the log that the policy names', async () => {
    const other = body.replace('log.example', 'other.example')
    await expect(checkCheckpoint(await parsePolicy(policyText),
      utf8(other + '\n' + plain(log, other)))).rejects.toThrow(/no log/)
  })
})

describe('a verifier key', () => {
  it('must have the id of its name, type and key', async () => {
    expect((await parseKey(log.line)).type).toBe(1)
    await expect(parseKey(log.line.replace('log.example', 'fog.example'))).rejects.toThrow()
  })

  it('verifies the same with the fallback', async () => {
    const signature = new Uint8Array(sign(null, utf8('text'), log.key))
    expect(verifyFallback(log.raw, signature, utf8('text'))).toBe(true)
    expect(verifyFallback(log.raw, signature, utf8('test'))).toBe(false)
    const note = parseNote(utf8(body + '\n' + plain(log, body)))
    expect((await verifySignature(note, await parseKey(log.line)))?.holds).toBe(true)
  })
})

describe('canonical JSON', () => {
  it('sorts names and escapes two characters only', () => {
    expect(canonical({ b: [1, true, null], a: 'x"\\\n' }))
      .toBe('{"a":"x\\"\\\\\n","b":[1,true,null]}')
  })
})
