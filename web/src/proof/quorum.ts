// SPDX-License-Identifier: Apache-2.0
// Policies (c2sp.org/tlog-policy): whose word makes a checkpoint believable.

import type { Bytes } from './bytes'
import {
  parseCheckpoint, parseKey, parseNote, verifySignature,
  type Checkpoint, type VerifierKey,
} from './note'

export interface Policy {
  logs: VerifierKey[]
  witnesses: { name: string; key: VerifierKey; url: string }[]
  groups: Map<string, { threshold: number; members: string[] }>
  quorum: string
}

export async function parsePolicy(text: string): Promise<Policy> {
  const policy: Policy = { logs: [], witnesses: [], groups: new Map(), quorum: '' }
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.split(/\s+/)
    if (word === '' || word.startsWith('#')) continue
    if (word === 'log') {
      policy.logs.push(await parseKey(rest[0]))
    } else if (word === 'witness') {
      policy.witnesses.push({
        name: rest[0], key: await parseKey(rest[1]), url: rest[2] ?? '' })
    } else if (word === 'group') {
      const members = rest.slice(2)
      const threshold = rest[1] === 'any' ? 1
        : rest[1] === 'all' ? members.length : Number(rest[1])
      policy.groups.set(rest[0], { threshold, members })
    } else if (word === 'quorum') {
      policy.quorum = rest[0]
    } else {
      throw new Error('a policy has no line ' + word)
    }
  }
  if (policy.quorum === '') throw new Error('a policy without a quorum')
  return policy
}

/** When the members of `name` reach it: the time for which all of them vouch. */
function reached(policy: Policy, name: string, times: Map<string, number>): number {
  const group = policy.groups.get(name)
  if (!group) return times.get(name) ?? 0
  const sorted = group.members.map((m) => reached(policy, m, times))
    .sort((a, b) => b - a)
  return sorted[group.threshold - 1] ?? 0
}

export interface Seen {
  checkpoint: Checkpoint
  /** Time of each witness's cosignature, by its name in the policy. */
  times: Map<string, number>
  /** The latest time for which a quorum vouches; 0: there is no quorum. */
  vouched: number
}

/** Throws unless a log of the policy signed it and no known key's signature is bad. */
export async function checkCheckpoint(policy: Policy, bytes: Bytes): Promise<Seen> {
  const note = parseNote(bytes)
  const checkpoint = parseCheckpoint(note)
  const log = policy.logs.find((k) => k.name === checkpoint.origin)
  if (!log) throw new Error('the policy has no log ' + checkpoint.origin)
  if (!(await verifySignature(note, log))?.holds)
    throw new Error('the log\u2019s signature of its checkpoint does not hold')
  const times = new Map<string, number>()
  for (const witness of policy.witnesses) {
    const result = await verifySignature(note, witness.key)
    if (result && !result.holds)
      throw new Error('the cosignature of ' + witness.key.name + ' does not hold')
    if (result) times.set(witness.name, result.time)
  }
  const vouched = policy.quorum === 'none'
    ? Math.max(0, ...times.values()) : reached(policy, policy.quorum, times)
  return { checkpoint, times, vouched }
}
