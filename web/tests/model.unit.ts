// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { buildModel, diffLines, periodOf, type Entry, type SiteFacts } from '../src/data/model'
import { en } from '../src/strings/en'
import { languages } from '../src/strings/languages'

let next = 0

function entry(type: string, lines: Record<string, string>): Entry {
  const index = next++
  return { index, type, leaf: '', digest: String(index), signers: [],
    lines: Object.entries(lines) }
}

const site = {} as SiteFacts
const nothing = { blob: () => undefined, seen: () => undefined }

describe('a difference of lines', () => {
  it('has both texts in it, and keeps what they share', () => {
    const lines = diffLines('a\nb\nc\n', 'a\nx\nc\nd\n')
    expect(lines.filter((l) => l.op !== '+').map((l) => l.text)).toEqual(['a', 'b', 'c'])
    expect(lines.filter((l) => l.op !== '-').map((l) => l.text)).toEqual(['a', 'x', 'c', 'd'])
    expect(lines.filter((l) => l.op === ' ').map((l) => l.text)).toEqual(['a', 'c'])
    expect(diffLines('', '')).toEqual([])
  })
})

describe('requests', () => {
  it('count once, in the half-year of their receipt, by their latest facts', () => {
    next = 0
    const facts = { received: '2026-06-30', country: 'CH', kind: 'user_data' }
    const model = buildModel(site, [
      entry('request', { id: 'a', ...facts }), entry('request', { id: 'b', ...facts }),
      entry('request', { id: 'c', ...facts, received: '2026-07-01' }),
      entry('request-decision', { id: 'a', decision: 'rejected' }),
      entry('request-decision', { id: 'a', decision: 'partly' }),
      entry('request-correction', { id: 'b', ...facts, country: 'DE' }),
      entry('request-decision', { id: 'c', decision: 'withdrawn' }),
    ], nothing)
    expect(model.table.map((r) => [r.period, r.country, r.requests, r.processed, r.rejected,
      r.withdrawn, r.pending])).toEqual([
      ['2026H2', 'CH', 1, 0, 0, 1, 0], ['2026H1', 'CH', 1, 1, 0, 0, 0],
      ['2026H1', 'DE', 1, 0, 0, 0, 1]])
    expect(periodOf('2026-12-31')).toBe('2026H2')
  })

  it('under a gag are those commitments that were not opened', () => {
    next = 0
    const model = buildModel(site, [
      { ...entry('request-commitments', {}),
        lines: [['date', '2026-09-01'], ['commitment', 'aa'], ['commitment', 'bb']] },
      { ...entry('request-commitments', {}),
        lines: [['date', '2026-09-02'], ['commitment', 'cc']] },
      entry('request-opening', { date: '2026-10-01', empty: 'aa 00' }),
      entry('request-opening', { date: '2026-10-01', event: 'bb 00 sha256:00' }),
    ], nothing)
    expect(model.commitments).toEqual({ n: 3, open: 1, oldest: '2026-09-02' })
  })
})

describe('every language', () => {
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort()

  it('says all that English says, with the same places to fill', () => {
    for (const strings of Object.values(languages))
      for (const [name, text] of Object.entries(en)) {
        const other = strings[name as keyof typeof en]
        expect(other.trim(), name).not.toBe('')
        expect(places(other), name).toEqual(places(text))
      }
  })
})
