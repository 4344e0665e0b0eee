// SPDX-License-Identifier: Apache-2.0
// What the pages tell, put together from the entries of the log that
// `overt-center build` has verified (data/log/N.json) and from the files that
// they name. There is no other source: what is not logged is not shown.

export interface Entry {
  index: number
  leaf: string
  digest: string
  type: string
  lines: [string, string][]
  signers: [string, string][]
  problem?: string
}

export interface SiteFacts {
  format: string
  instance: string
  built: number
  origin: string
  size: number
  root: string
  firstRoot: string
  vouched: number
  maxAge: number
  witnesses: { name: string; url: string; time: number }[]
  policy: string
  people: string
  tuf: Record<string, { version: number; expires: number }>
  problems: { what: string; text: string }[]
}

export interface DiffLine {
  op: ' ' | '+' | '-'
  text: string
}

export interface Change {
  entry: Entry
  id: string
  op: string
  diff: DiffLine[]
}

export interface Update {
  entry: Entry
  channel: string
  seq: number
  time: number
  changes: Change[]
  recalls: Entry[]
  same: Entry[]
  different: Entry[]
}

export interface Rule {
  id: string
  versions: { entry: Entry; source?: string }[]
  recalls: Entry[]
}

export interface RequestCase {
  id: string
  facts: Entry
  events: Entry[]
  decision?: Entry
}

export interface PeriodRow {
  period: string
  country: string
  kind: string
  requests: number
  processed: number
  rejected: number
  withdrawn: number
  pending: number
  entries: number[]
}

export interface Model {
  site: SiteFacts
  entries: Entry[]
  updates: Update[]
  rules: Rule[]
  code: Entry[]
  attachments: Entry[]
  recalls: Entry[]
  notices: { entry: Entry; file?: Record<string, unknown> }[]
  drills: Entry[]
  requests: RequestCase[]
  table: PeriodRow[]
  reports: Entry[]
  history: Entry[]
  commitments: { n: number; open: number; oldest?: string }
  blob: (digest: string) => string | undefined
}

/** Where the files of the tree are read from. */
export interface Source {
  blob: (digest: string) => string | undefined
  /** When a quorum saw the entry with this digest, if its proof is there. */
  seen: (digest: string) => number | undefined
}

export function value(e: Entry, name: string): string | undefined {
  return e.lines.find(([n]) => n === name)?.[1]
}

export function values(e: Entry, name: string): string[] {
  return e.lines.filter(([n]) => n === name).map(([, v]) => v)
}

/** The digits of "sha256:DIGITS SIZE". */
export function digestOf(text: string | undefined): string | undefined {
  return /sha256:([0-9a-f]{64})/.exec(text ?? '')?.[1]
}

export function sizeOf(text: string | undefined): number | undefined {
  const match = /sha256:[0-9a-f]{64} ([0-9]+)$/.exec(text ?? '')
  return match ? Number(match[1]) : undefined
}

export function timeOf(e: Entry): number | undefined {
  const time = Date.parse(value(e, 'time') ?? '')
  return Number.isNaN(time) ? undefined : time / 1000
}

const MAX_DIFF_LINES = 600

/** Lines that went and came; by the longest common subsequence. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before === '' ? [] : before.replace(/\n$/, '').split('\n')
  const b = after === '' ? [] : after.replace(/\n$/, '').split('\n')
  if (a.length > MAX_DIFF_LINES || b.length > MAX_DIFF_LINES)
    return [...a.map((text) => ({ op: '-' as const, text })),
      ...b.map((text) => ({ op: '+' as const, text }))]
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] = a[i] === b[j] ? length[i + 1][j + 1] + 1
        : Math.max(length[i + 1][j], length[i][j + 1])
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ op: ' ', text: a[i] })
      i++
      j++
    } else if (j === b.length || (i < a.length && length[i + 1][j] >= length[i][j + 1])) {
      lines.push({ op: '-', text: a[i++] })
    } else {
      lines.push({ op: '+', text: b[j++] })
    }
  }
  return lines
}

function rulesOf(entries: Entry[], source: Source, recalls: Entry[]): Rule[] {
  const rules = new Map<string, Rule>()
  const revealed = new Map<string, string | undefined>()
  for (const e of entries)
    if (e.type === 'reveal')
      revealed.set(value(e, 'change')!, digestOf(value(e, 'source')))
  for (const e of entries) {
    if (e.type !== 'rule-change' && e.type !== 'feed') continue
    const id = value(e, 'id')!
    if (!rules.has(id))
      rules.set(id, { id, versions: [],
        recalls: recalls.filter((r) => values(r, 'rule').includes(id)) })
    const digest = value(e, 'embargo') && !revealed.has(String(e.index)) ? undefined
      : digestOf(value(e, 'source'))
    rules.get(id)!.versions.push(
      { entry: e, source: digest ? source.blob(digest) : undefined })
  }
  return [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function changesOf(rules: Rule[], from: number, to: number): Change[] {
  const changes: Change[] = []
  for (const rule of rules)
    rule.versions.forEach(({ entry, source }, i) => {
      if (entry.index < from || entry.index >= to) return
      const before = i > 0 ? rule.versions[i - 1].source ?? '' : ''
      changes.push({ entry, id: rule.id, op: value(entry, 'op')!,
        diff: diffLines(before, source ?? '') })
    })
  return changes.sort((a, b) => a.entry.index - b.entry.index)
}

function updatesOf(
  entries: Entry[], rules: Rule[], recalls: Entry[], source: Source,
): Update[] {
  const updates: Update[] = []
  for (const entry of entries) {
    if (entry.type !== 'release') continue
    const channel = value(entry, 'channel')!
    const seq = Number(value(entry, 'seq'))
    const [from, to] = (value(entry, 'changes') ?? '0 0').split(' ').map(Number)
    const rebuilds = entries.filter((e) => e.type === 'rebuild' &&
      value(e, 'release') === String(entry.index))
    const changes = changesOf(rules, from, to)
    updates.push({
      entry, channel, seq, changes,
      time: source.seen(entry.digest) ??
        Math.max(0, ...changes.map((c) => timeOf(c.entry) ?? 0)),
      recalls: recalls.filter((r) => values(r, 'release').includes(`${channel} ${seq}`)),
      same: rebuilds.filter((e) => value(e, 'result') === 'same'),
      different: rebuilds.filter((e) => value(e, 'result') !== 'same'),
    })
  }
  return updates.reverse()
}

/** "2026H2" of "2026-09-03". */
export function periodOf(date: string): string {
  return date.slice(0, 4) + (Number(date.slice(5, 7)) <= 6 ? 'H1' : 'H2')
}

function requestsOf(entries: Entry[]): RequestCase[] {
  const cases = new Map<string, RequestCase>()
  for (const e of entries) {
    const id = value(e, 'id')
    if (!id || !e.type.startsWith('request') || e.problem) continue
    if (e.type === 'request') cases.set(id, { id, facts: e, events: [e] })
    const one = cases.get(id)
    if (!one || e.type === 'request') continue
    one.events.push(e)
    if (e.type === 'request-correction') one.facts = e
    if (e.type === 'request-decision') one.decision = e
  }
  return [...cases.values()].reverse()
}

// As docs/requests.md counts.
const PROCESSED = ['provided', 'partly']
const REJECTED = ['rejected', 'no_data']

export function tableOf(requests: RequestCase[]): PeriodRow[] {
  const rows = new Map<string, PeriodRow>()
  for (const one of requests) {
    if (value(one.facts, 'duplicate-of')) continue
    const period = periodOf(value(one.facts, 'received')!)
    const country = value(one.facts, 'country')!
    const kind = value(one.facts, 'kind')!
    const key = `${period} ${country} ${kind}`
    const row = rows.get(key) ?? { period, country, kind, requests: 0,
      processed: 0, rejected: 0, withdrawn: 0, pending: 0, entries: [] }
    const decision = one.decision ? value(one.decision, 'decision')! : 'pending'
    row.requests++
    if (PROCESSED.includes(decision)) row.processed++
    else if (REJECTED.includes(decision)) row.rejected++
    else if (decision === 'withdrawn') row.withdrawn++
    else row.pending++
    row.entries.push(...one.events.map((e) => e.index))
    rows.set(key, row)
  }
  return [...rows.values()].sort((a, b) =>
    a.period !== b.period ? (a.period < b.period ? 1 : -1)
      : a.country < b.country ? -1 : a.country > b.country ? 1 : a.kind < b.kind ? -1 : 1)
}

/** How many commitments there are, how many are not opened, since when. */
function commitmentsOf(entries: Entry[]): Model['commitments'] {
  const open = new Map<string, string>()
  let n = 0
  for (const e of entries) {
    if (e.type === 'request-commitments')
      for (const c of values(e, 'commitment')) {
        open.set(c, value(e, 'date')!)
        n++
      }
    if (e.type === 'request-opening')
      for (const o of [...values(e, 'empty'), ...values(e, 'event')])
        open.delete(o.split(' ')[0])
  }
  return { n, open: open.size, oldest: [...open.values()].sort()[0] }
}

function noticeFile(e: Entry, source: Source): Record<string, unknown> | undefined {
  const digest = digestOf(value(e, 'file'))
  const bytes = digest ? source.blob(digest) : undefined
  try {
    return bytes ? JSON.parse(bytes) as Record<string, unknown> : undefined
  } catch {
    return undefined // a notice may have any file
  }
}

export function buildModel(site: SiteFacts, entries: Entry[], source: Source): Model {
  const of = (...types: string[]) => entries.filter((e) => types.includes(e.type))
  const recalls = of('recall')
  const rules = rulesOf(entries, source, recalls)
  const requests = requestsOf(entries)
  return {
    site, entries, rules, recalls, requests,
    updates: updatesOf(entries, rules, recalls, source),
    code: of('code-release').reverse(),
    attachments: of('sbom', 'provenance'),
    notices: of('notice').map((entry) => ({ entry, file: noticeFile(entry, source) })),
    drills: of('drill').reverse(),
    table: tableOf(requests),
    reports: of('request-report').reverse(),
    history: of('request-history'),
    commitments: commitmentsOf(entries),
    blob: source.blob,
  }
}

/** Documents that notices carry, by their "format", the newest first. */
export function documents(model: Model, format: string):
{ entry: Entry; file: Record<string, unknown> }[] {
  return model.notices.filter((n) => n.file?.format === format)
    .map((n) => ({ entry: n.entry, file: n.file! })).reverse()
}
