// SPDX-License-Identifier: Apache-2.0
// Entries of the log and who signed them, docs/protocol-entries.md.

import { hex, type Bytes } from './bytes'
import { sha256 } from './hashes'
import { parseKey, parseNote, verifySignature, type VerifierKey } from './note'

export interface PersonKey {
  group: string
  name: string
  key: VerifierKey
  from: number
  to: number
}

export interface People {
  instance: string
  need: Map<string, number>
  keys: PersonKey[]
}

const GROUP_OF: Record<string, string> = {
  people: 'person', builders: 'builder', ci: 'ci', rebuilders: 'rebuilder',
  trustees: 'trustee', legal: 'legal',
}

export async function parsePeople(text: string): Promise<People> {
  const lines = text.split('\n').filter((line) => line !== '')
  const people: People = {
    instance: lines[0].replace(/\/people\/v1$/, ''), need: new Map(), keys: [] }
  for (const line of lines.slice(1)) {
    const [word, name, value, from, to] = line.split(' ')
    if (word === 'need') {
      people.need.set(GROUP_OF[name] ?? name, Number(value))
      continue
    }
    people.keys.push({
      group: word, name, key: await parseKey(value),
      from: Number(from), to: to === '-' ? Infinity : Number(to) })
  }
  return people
}

export interface Opened {
  digest: string
  type: string
  text: string
  lines: [string, string][]
  signers: PersonKey[]
}

/** Throws if it is no entry of the instance, or a known key's signature is bad. */
export async function openEntry(
  people: People, index: number, bytes: Bytes,
): Promise<Opened> {
  const note = parseNote(bytes)
  const [head, ...rest] = note.text.split('\n')
  const match = /^([a-z0-9.-]+)\/([a-z-]+)\/v1$/.exec(head)
  if (!match || match[1] !== people.instance)
    throw new Error('is no entry of ' + people.instance)
  const signers: PersonKey[] = []
  for (const key of people.keys) {
    if (index < key.from || index >= key.to) continue
    const result = await verifySignature(note, key.key)
    if (result && !result.holds)
      throw new Error('the signature of ' + key.name + ' does not hold')
    if (result) signers.push(key)
  }
  if (signers.length === 0) throw new Error('nobody who may has signed it')
  return {
    digest: hex(await sha256(bytes)),
    type: match[2],
    text: note.text,
    lines: rest.filter((line) => line !== '').map((line) => {
      const at = line.indexOf(' ')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
    signers,
  }
}
