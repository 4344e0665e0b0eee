// SPDX-License-Identifier: Apache-2.0
// TUF metadata (specification 1.0.34), as far as a visitor needs it: from the
// first root to the newest, from there to timestamp, snapshot, targets.

import { hex, text, unhex, utf8, type Bytes } from './bytes'
import { sha256, verifyEd25519 } from './hashes'
import type { Get } from './tiles'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

interface Role {
  keyids: string[]
  threshold: number
}

interface FileMeta {
  version: number
  length?: number
  hashes?: { sha256: string }
}

interface Signed {
  _type: string
  version: number
  expires: string
  keys: Record<string, { keyval: { public: string } }>
  roles: Record<string, Role>
  meta: Record<string, FileMeta>
  targets: Record<string, { length: number; hashes: { sha256: string } }>
}

interface Envelope {
  signed: Signed
  signatures: { keyid: string; sig: string }[]
}

/** The form that is signed: OLPC's canonical JSON. */
export function canonical(value: Json): string {
  if (typeof value === 'string')
    return '"' + value.replace(/[\\"]/g, '\\$&') + '"'
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']'
  if (value !== null && typeof value === 'object')
    return '{' + Object.keys(value).sort()
      .map((name) => canonical(name) + ':' + canonical(value[name])).join(',') + '}'
  return JSON.stringify(value)
}

function parse(bytes: Bytes, type: string): Envelope {
  const envelope = JSON.parse(text(bytes)) as Envelope
  if (envelope.signed?._type !== type) throw new Error('is no ' + type)
  return envelope
}

/** Whether a threshold of the role's keys signed it: keys are counted once. */
async function isSigned(envelope: Envelope, root: Signed, role: string): Promise<boolean> {
  const message = utf8(canonical(envelope.signed as unknown as Json))
  const good = new Set<string>()
  for (const id of root.roles[role].keyids) {
    const key = root.keys[id]?.keyval.public
    const sig = envelope.signatures.find((s) => s.keyid === id)
    if (key && sig && await verifyEd25519(unhex(key), unhex(sig.sig), message))
      good.add(key)
  }
  return good.size >= root.roles[role].threshold
}

async function need(get: Get, path: string): Promise<Bytes> {
  const bytes = await get(path)
  if (!bytes) throw new Error(path + ' is not there')
  return bytes
}

async function checkFile(bytes: Bytes, meta: FileMeta, path: string): Promise<void> {
  if (meta.hashes && hex(await sha256(bytes)) !== meta.hashes.sha256)
    throw new Error(path + ' is another file than its signers named')
}

export interface Metadata {
  firstRoot: string
  rootVersion: number
  /** The earliest end of all of them, in seconds since 1970, and whose it is. */
  expires: number
  expiring: string
  timestampVersion: number
  target: (path: string) => string
}

/** newest: how many there are; a site that hides one holds it back until the last
 * it shows runs out, as a mirror could. Asking for one more would be a 404. */
async function newestRoot(get: Get, first: Bytes, newest: number): Promise<Signed> {
  let envelope = parse(first, 'root')
  if (!(await isSigned(envelope, envelope.signed, 'root')))
    throw new Error('the first root is not signed by its own keys')
  for (;;) {
    const version = envelope.signed.version + 1
    if (version > newest) return envelope.signed
    const bytes = await need(get, `metadata/${version}.root.json`)
    const next = parse(bytes, 'root')
    if (next.signed.version !== version ||
        !(await isSigned(next, envelope.signed, 'root')) ||
        !(await isSigned(next, next.signed, 'root')))
      throw new Error(`root ${version} is not signed by the keys before it and its own`)
    envelope = next
  }
}

/** Follows the chain. Throws on anything that does not verify; expiry is told. */
export async function readMetadata(get: Get, newest: number): Promise<Metadata> {
  const first = await need(get, 'first/1.root.json')
  const root = await newestRoot(get, first, newest)
  const timestamp = parse(await need(get, 'metadata/timestamp.json'), 'timestamp')
  if (!(await isSigned(timestamp, root, 'timestamp')))
    throw new Error('timestamp.json is not signed by its role')
  const chain = [timestamp]
  for (const type of ['snapshot', 'targets']) {
    const meta = chain[chain.length - 1].signed.meta[type + '.json']
    const path = `metadata/${meta.version}.${type}.json`
    const bytes = await need(get, path)
    await checkFile(bytes, meta, path)
    const envelope = parse(bytes, type)
    if (envelope.signed.version !== meta.version || !(await isSigned(envelope, root, type)))
      throw new Error(path + ' is not signed by its role')
    chain.push(envelope)
  }
  const ends = [root, ...chain.map((e) => e.signed)]
    .map((s) => ({ type: s._type, at: Date.parse(s.expires) / 1000 }))
    .sort((a, b) => a.at - b.at)
  const targets = chain[2].signed.targets
  return {
    firstRoot: hex(await sha256(first)),
    rootVersion: root.version,
    expires: ends[0].at,
    expiring: ends[0].type,
    timestampVersion: timestamp.signed.version,
    target: (path) => {
      const sum = targets[path]?.hashes.sha256
      if (!sum) throw new Error('no role names ' + path)
      const at = path.lastIndexOf('/') + 1
      return `targets/${path.slice(0, at)}${sum}.${path.slice(at)}`
    },
  }
}
