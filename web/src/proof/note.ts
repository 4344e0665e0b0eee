// SPDX-License-Identifier: Apache-2.0
// Signed notes and verifier keys (c2sp.org/signed-note), checkpoints
// (c2sp.org/tlog-checkpoint) and cosignatures (c2sp.org/tlog-cosignature).

import { concat, equal, hex, readBig64, text, unbase64, utf8, type Bytes } from './bytes'
import { sha256, verifyEd25519 } from './hashes'

export const ED25519 = 1
export const COSIGNATURE = 4

export interface VerifierKey {
  name: string
  id: string
  type: number
  key: Bytes
}

export interface Signature {
  name: string
  id: string
  bytes: Bytes
}

export interface Note {
  text: string
  signatures: Signature[]
}

export interface Checkpoint {
  origin: string
  size: number
  root: Bytes
}

/** NAME+ID+BASE64; the id must be that of name, type and key. */
export async function parseKey(line: string): Promise<VerifierKey> {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(line)
  if (!match) throw new Error('no verifier key: ' + line)
  const [, name, id, letters] = match
  const typed = unbase64(letters)
  const whole = await sha256(concat(utf8(name + '\n'), typed))
  if (hex(whole.subarray(0, 4)) !== id)
    throw new Error('the id of ' + name + ' is not that of its key')
  return { name, id, type: typed[0], key: typed.subarray(1) }
}

export function parseNote(bytes: Bytes): Note {
  const all = text(bytes)
  const end = all.lastIndexOf('\n\n')
  if (end < 0 || !all.endsWith('\n')) throw new Error('no signed note')
  const signatures = all.slice(end + 2, -1).split('\n').map((line) => {
    const match = /^\u2014 ([^+\s]+) (\S+)$/.exec(line)
    if (!match) throw new Error('no line of a signature: ' + line)
    const raw = unbase64(match[2])
    if (raw.length < 5) throw new Error('a signature that is too short')
    return { name: match[1], id: hex(raw.subarray(0, 4)), bytes: raw.subarray(4) }
  })
  return { text: all.slice(0, end + 1), signatures }
}

export function parseCheckpoint(note: Note): Checkpoint {
  const [origin, size, root] = note.text.split('\n')
  if (!origin || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? ''))
    throw new Error('no checkpoint')
  const hash = unbase64(root ?? '')
  if (hash.length !== 32) throw new Error('no root hash')
  return { origin, size: Number(size), root: hash }
}

/**
 * Whether k signed the note: undefined if no signature names it. ret.time is that
 * of a cosignature, 0 of a plain one.
 */
export async function verifySignature(
  note: Note, k: VerifierKey,
): Promise<{ holds: boolean; time: number } | undefined> {
  const of = note.signatures.filter((s) => s.name === k.name && s.id === k.id)
  if (of.length === 0) return undefined
  let time = 0
  for (const s of of) {
    let message = utf8(note.text)
    let signature = s.bytes
    if (k.type === COSIGNATURE) {
      if (s.bytes.length !== 72) return { holds: false, time: 0 }
      time = readBig64(s.bytes, 0)
      signature = s.bytes.subarray(8)
      message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`)
    } else if (k.type !== ED25519) {
      return undefined
    }
    if (!(await verifyEd25519(k.key, signature, message)))
      return { holds: false, time: 0 }
  }
  return { holds: true, time }
}

export function sameKey(a: VerifierKey, b: VerifierKey): boolean {
  return a.type === b.type && equal(a.key, b.key)
}
