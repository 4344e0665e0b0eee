// SPDX-License-Identifier: Apache-2.0
// The search box: all of it happens here. data/search.json is the same file for
// everybody, and is fetched only when somebody searches.

import { sha256 } from './proof/hashes'
import { hex } from './proof/bytes'
import { languageUrl, make, siteUrl, strings } from './page'
import { fill } from './strings/en'

interface Index {
  n: number
  items: { k: string; t: string; u: string; x: string }[]
  rules: { id: string; rev: string; u: string; s: string }[]
}

const MOST = 200
const AROUND = 60

let index: Promise<Index> | undefined

function load(): Promise<Index> {
  index ??= fetch(siteUrl('data/search.json')).then((a) => a.json() as Promise<Index>)
  return index
}

interface Hit { kind: string; title: string; url: string; text: string }

export function find(all: Index, query: string, textOf: (id: string, rev: string) => string): Hit[] {
  const words = query.toLowerCase().trim()
  const hits: Hit[] = all.items
    .filter((i) => i.x.includes(words) || i.t.toLowerCase().includes(words))
    .map((i) => ({ kind: i.k, title: i.t, url: i.u, text: '' }))
  for (const r of all.rules) {
    const at = r.s.toLowerCase().indexOf(words)
    if (at < 0) continue
    hits.push({ kind: 'rule', title: textOf(r.id, r.rev), url: r.u,
      text: r.s.slice(Math.max(0, at - AROUND), at + words.length + AROUND) })
  }
  return hits
}

async function show(query: string): Promise<void> {
  const t = strings()
  const place = document.getElementById('results')
  if (!place) return
  if (query.trim().length < 3 && !/^#\d+$/.test(query.trim())) {
    place.replaceChildren(query === '' ? '' : make('p', { className: 'empty' }, t.search_hint))
    return
  }
  const all = await load()
  const hits = find(all, query, (id, rev) => fill(t.search_rule_text, { id, rev }))
  if (hits.length === 0) {
    place.replaceChildren(make('p', { className: 'empty' }, fill(t.search_none, { n: all.n })))
    return
  }
  place.replaceChildren(make('p', {}, fill(t.search_results, { n: hits.length })),
    make('ul', { className: 'hits' }, ...hits.slice(0, MOST).map((hit) => make('li', {},
      make('span', { className: 'kind' }, hit.kind), ' ',
      make('a', { href: languageUrl(hit.url) }, hit.title),
      ...(hit.text ? [make('pre', {}, hit.text)] : [])))))
}

async function hashFile(file: File, input: HTMLInputElement): Promise<void> {
  const t = strings()
  const place = document.getElementById('results')
  place?.replaceChildren(make('p', {}, fill(t.file_hashing, { name: file.name })))
  const digest = hex(await sha256(new Uint8Array(await file.arrayBuffer())))
  input.value = digest
  if (!place) {
    location.href = languageUrl('search/?q=' + digest)
    return
  }
  await show(digest)
  place.prepend(make('p', { className: 'is' },
    fill(t.file_is, { name: file.name, hash: digest })))
}

export function startSearch(): void {
  const input = document.getElementById('q') as HTMLInputElement | null
  if (!input) return
  for (const picker of document.querySelectorAll<HTMLInputElement>('[data-hash-file]')) {
    picker.closest('label')!.hidden = false
    picker.addEventListener('change', () => {
      if (picker.files?.[0]) void hashFile(picker.files[0], input)
    })
  }
  if (!document.getElementById('results')) return
  const asked = new URLSearchParams(location.search).get('q')
  if (asked) {
    input.value = asked
    void show(asked)
  }
  let timer = 0
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = window.setTimeout(() => void show(input.value), 150)
  })
  input.form?.addEventListener('submit', (event) => {
    event.preventDefault()
    void show(input.value)
  })
}
