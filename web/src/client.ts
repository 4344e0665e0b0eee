// SPDX-License-Identifier: Apache-2.0
// What brings a page to life: proofs, search, copies, ages. Pages are whole
// without it; it only adds to what stands there, and asks nobody but its own
// server.

import './style/site.css'
import { startDecoder } from './ledger'
import { startProofs } from './proofs'
import { startSearch } from './finder'
import { strings } from './page'
import { fill } from './strings/en'

function age(at: number, now: number): string {
  const t = strings()
  const s = Math.round(now - at)
  if (s < 0) {
    if (-s < 5400) return fill(t.in_minutes, { n: Math.round(-s / 60) })
    if (-s < 172800) return fill(t.in_hours, { n: Math.round(-s / 3600) })
    return fill(t.in_days, { n: Math.round(-s / 86400) })
  }
  if (s < 90) return fill(t.age_seconds, { n: s })
  if (s < 5400) return fill(t.age_minutes, { n: Math.round(s / 60) })
  if (s < 172800) return fill(t.age_hours, { n: Math.round(s / 3600) })
  return fill(t.age_days, { n: Math.round(s / 86400) })
}

function showAges(): void {
  for (const element of document.querySelectorAll<HTMLElement>('[data-age]')) {
    let span = element.querySelector<HTMLElement>('.age')
    if (!span) {
      span = document.createElement('span')
      span.className = 'age'
      element.append(' ', span)
    }
    span.textContent = age(Number(element.dataset.age), Date.now() / 1000)
  }
}

function startCopies(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy'))
    button.hidden = false
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('button.copy')
    if (!button?.dataset.copy) return
    void navigator.clipboard?.writeText(button.dataset.copy).then(() => {
      const before = button.textContent
      button.textContent = strings().copied
      setTimeout(() => { button.textContent = before }, 1500)
    })
  })
}

function startFilters(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[data-filter]')) {
    input.closest<HTMLElement>('.filter')!.hidden = false
    input.addEventListener('input', () => {
      const words = input.value.toLowerCase().split(/\s+/)
      for (const row of document.querySelectorAll<HTMLElement>(
        `#${input.dataset.filter} tbody tr`)) {
        const text = row.textContent!.toLowerCase()
        row.hidden = !words.every((w) => text.includes(w))
      }
    })
  }
}

showAges()
setInterval(showAges, 30000)
startCopies()
startFilters()
startSearch()
startDecoder()
void startProofs()
