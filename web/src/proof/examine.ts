// SPDX-License-Identifier: Apache-2.0
// What a visitor's browser checks for itself, step by step, with nothing but the
// published files and what it remembers of its last visit. Each step ends good,
// old or bad, says what it found, and how to repeat it in a terminal.

import { hex, unhex, text, type Bytes } from './bytes'
import { sha256 } from './hashes'
import {
  consistencyPath, inclusionPath, leafHash, verifyConsistency, verifyInclusion,
} from './merkle'
import { openEntry, parsePeople, type Opened, type People } from './people'
import { checkCheckpoint, parsePolicy, type Policy, type Seen } from './quorum'
import { TileTree, type Get } from './tiles'
import { readMetadata, type Metadata } from './tuf'

export type State = 'good' | 'old' | 'bad'
export type StepName = 'metadata' | 'quorum' | 'freshness' | 'tree' | 'history'

export interface Step {
  name: StepName
  state: State
  /** What was found: a word for the page's sentences, and its numbers. */
  finding: string
  values: Record<string, string | number>
  command: string
}

/** What the browser saw last time: size and root of the log, the first root. */
export interface Memory {
  origin: string
  size: number
  root: string
  firstRoot: string
}

export interface Trusted {
  metadata: Metadata
  policy: Policy
  people: People
  seen: Seen
  tree: TileTree
}

export interface Result {
  steps: Step[]
  state: State
  trusted?: Trusted
  /** To be remembered; only if nothing was bad. */
  memory?: Memory
}

export interface Options {
  get: Get
  /** Seconds since 1970. */
  now: number
  maxAge: number
  /** How many versions of root.json there are. */
  roots: number
  /** Where the tree is, for commands. */
  address: string
  before?: Memory
}

async function readTarget(get: Get, metadata: Metadata, path: string): Promise<string> {
  const place = metadata.target(path)
  const bytes = await get(place)
  if (!bytes) throw new Error(place + ' is not there')
  if (!place.includes(hex(await sha256(bytes))))
    throw new Error(place + ' is another file than its signers named')
  return text(bytes)
}

/** Runs a step; what it throws makes it bad. */
async function step(
  steps: Step[], name: StepName, command: string,
  run: () => Promise<Pick<Step, 'state' | 'finding' | 'values'>>,
): Promise<boolean> {
  try {
    steps.push({ name, command, ...(await run()) })
  } catch (error) {
    steps.push({
      name, command, state: 'bad', finding: 'wrong',
      values: { why: (error as Error).message } })
  }
  return steps[steps.length - 1].state !== 'bad'
}

async function checkHistory(o: Options, seen: Seen, tree: TileTree, metadata: Metadata):
Promise<Pick<Step, 'state' | 'finding' | 'values'>> {
  const { origin, size, root } = seen.checkpoint
  const before = o.before
  if (before && before.firstRoot !== metadata.firstRoot)
    return { state: 'bad', finding: 'root_changed', values: {
      before: before.firstRoot, now: metadata.firstRoot } }
  if (!before || before.origin !== origin || before.size === 0)
    return { state: 'good', finding: 'first_visit', values: { size } }
  if (before.size > size)
    return { state: 'bad', finding: 'shrunk', values: { before: before.size, size } }
  const path = await consistencyPath(tree.node, before.size, size)
  const holds = await verifyConsistency(
    before.size, unhex(before.root), size, root, path)
  return holds
    ? { state: 'good', finding: before.size === size ? 'same' : 'grown',
      values: { before: before.size, size, hashes: path.length } }
    : { state: 'bad', finding: 'forked', values: { before: before.size, size } }
}

export async function examine(o: Options): Promise<Result> {
  const steps: Step[] = []
  const found: Partial<Trusted> = {}
  const { get } = o
  const end = (): Result => ({
    steps,
    state: steps.some((s) => s.state === 'bad') ? 'bad'
      : steps.some((s) => s.state === 'old') ? 'old' : 'good',
    trusted: found.tree ? found as Trusted : undefined,
  })

  if (!await step(steps, 'metadata',
    `overt update --from ${o.address} --root 1.root.json`, async () => {
      const metadata = await readMetadata(get, o.roots)
      found.metadata = metadata
      found.policy = await parsePolicy(await readTarget(get, metadata, 'trust/policy'))
      found.people = await parsePeople(await readTarget(get, metadata, 'trust/people'))
      const isOver = metadata.expires < o.now
      return { state: isOver ? 'bad' : 'good', finding: isOver ? 'expired' : 'holds',
        values: { root: metadata.rootVersion, file: metadata.expiring,
          expires: metadata.expires } }
    }) && !found.policy) return end()

  if (!await step(steps, 'quorum',
    `overt-monitor verify-log ${o.address}/log policy`, async () => {
      const bytes = await get('log/checkpoint')
      if (!bytes) throw new Error('log/checkpoint is not there')
      const seen = await checkCheckpoint(found.policy!, bytes)
      const all = found.policy!.witnesses
      const missing = all.filter((w) => !seen.times.has(w.name))
      found.seen = seen
      return { state: seen.vouched === 0 ? 'bad' : missing.length > 0 ? 'old' : 'good',
        finding: seen.vouched === 0 ? 'no_quorum' : missing.length > 0 ? 'missing' : 'all',
        values: { n: seen.times.size, of: all.length, size: seen.checkpoint.size,
          missing: missing.map((w) => w.key.name).join(', ') } }
    }) && !found.seen) return end()

  const seen = found.seen!
  await step(steps, 'freshness', 'overt status', async () => {
    const age = o.now - seen.vouched
    return { state: age > o.maxAge ? 'bad' : 'good',
      finding: age > o.maxAge ? 'stale' : 'fresh',
      values: { vouched: seen.vouched, limit: o.maxAge } }
  })
  const tree = new TileTree(get, seen.checkpoint.size)
  if (!await step(steps, 'tree',
    `overt-monitor verify-log ${o.address}/log policy`, async () => {
      const index = seen.checkpoint.size - 1
      await proveEntry(tree, seen, found.people!, index)
      return { state: 'good', finding: 'holds',
        values: { index, size: seen.checkpoint.size } }
    })) return end()
  found.tree = tree
  await step(steps, 'history',
    `overt-monitor run --once --log ${o.address}/log --policy policy --state DIR`, () =>
      checkHistory(o, seen, tree, found.metadata!))
  const result = end()
  if (result.state !== 'bad')
    result.memory = {
      origin: seen.checkpoint.origin, size: seen.checkpoint.size,
      root: hex(seen.checkpoint.root), firstRoot: found.metadata!.firstRoot }
  return result
}

export interface Proven extends Opened {
  index: number
  leaf: Bytes
  path: Bytes[]
}

/** That entry index is below the root, and who signed it. Throws if not. */
export async function proveEntry(
  tree: TileTree, seen: Seen, people: People, index: number,
): Promise<Proven> {
  const bytes = await tree.entry(index)
  const leaf = await leafHash(bytes)
  const path = await inclusionPath(tree.node, index, tree.size)
  if (!await verifyInclusion(index, tree.size, leaf, path, seen.checkpoint.root))
    throw new Error(`entry ${index} is not below the root of the checkpoint`)
  return { ...(await openEntry(people, index, bytes)), index, leaf, path }
}
