// SPDX-License-Identifier: Apache-2.0
// Reads a file of the outbound ledger (docs/protocol-outbound.md) in the browser:
// what each line says, and whether the chain of digests holds.

import { hex, utf8 } from './proof/bytes'
import { sha256 } from './proof/hashes'
import { make, showTime, strings } from './page'
import { fill } from './strings/en'

export interface Line {
  seq: number
  time: number
  kind: string
  prev: string
  of?: number
  up?: number
  down?: number
  [name: string]: unknown
}

export interface Ledger {
  lines: Line[]
  /** Undefined: the chain holds. */
  broken?: { n: number; why: string }
  head: string
}

export async function readLedger(text: string): Promise<Ledger> {
  const ledger: Ledger = { lines: [], head: '' }
  for (const raw of text.split('\n')) {
    if (raw === '') continue
    let line: Line
    try {
      line = JSON.parse(raw) as Line
    } catch {
      ledger.broken ??= { n: ledger.lines.length + 1, why: 'no JSON' }
      break
    }
    const before = ledger.lines[ledger.lines.length - 1]
    if (before && line.seq !== before.seq + 1)
      ledger.broken ??= { n: line.seq, why: 'seq' }
    else if (before && line.prev !== ledger.head)
      ledger.broken ??= { n: line.seq, why: 'prev' }
    ledger.head = hex(await sha256(utf8(raw)))
    ledger.lines.push(line)
  }
  return ledger
}

const PLAIN = ['seq', 'time', 'kind', 'prev']

function row(line: Line): HTMLElement {
  const rest = Object.entries(line).filter(([name]) => !PLAIN.includes(name))
  return make('tr', {}, make('td', {}, String(line.seq)), make('td', {}, showTime(line.time)),
    make('td', {}, line.kind), make('td', {}, make('dl', { className: 'lines' },
      ...rest.map(([name, value]) => make('div', {}, make('dt', {}, name),
        make('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)))))))
}

async function show(file: File): Promise<void> {
  const t = strings()
  const ledger = await readLedger(await file.text())
  const { lines, broken } = ledger
  const sum = (name: 'up' | 'down') => lines.reduce((n, l) => n + (l[name] ?? 0), 0)
  const words = broken ? fill(t.leaves_chain_bad, broken) : fill(t.leaves_chain_ok, {
    n: lines.length, first: lines[0]?.seq ?? 0, last: lines[lines.length - 1]?.seq ?? 0 })
  document.getElementById('ledger')!.replaceChildren(
    make('p', { className: broken ? 'bad verdict' : 'good verdict' }, words),
    make('p', {}, fill(t.leaves_total, { up: sum('up'), down: sum('down'),
      n: lines.filter((l) => l.kind === 'request').length })),
    make('p', {}, t.leaves_head + ' ', make('code', {}, ledger.head)),
    make('div', { className: 'table', tabIndex: 0 }, make('table', {}, make('tbody', {},
      ...lines.map(row)))))
}

export function startDecoder(): void {
  const picker = document.querySelector<HTMLInputElement>('[data-ledger]')
  if (!picker) return
  picker.closest('label')!.hidden = false
  picker.addEventListener('change', () => {
    if (picker.files?.[0]) void show(picker.files[0])
  })
}
