// SPDX-License-Identifier: Apache-2.0
// node render.mjs SITE: writes the pages of a site whose data `overt-center build`
// has verified and written; beside each text a packed twin for servers. Needs
// nothing but node, and reads nothing but SITE and what lies beside it.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { VNode } from 'preact'
import { render } from 'preact-render-to-string'
import {
  buildModel, digestOf, value, values, type Entry, type Model, type SiteFacts,
} from './data/model'
import { Audits, Entries, Intel, Limits, Log, NotFound, Review, Search } from './pages/check'
import { Builds, Home, ruleFile, RulePage, Rules, Updates } from './pages/happened'
import { Continuity, FilePage, Leaves, Regions, Requests } from './pages/meaning'
import { PER_PAGE, summary, type Context } from './pages/ui'
import { languages, type Code } from './strings/languages'

const MAX_TEXT = 256 << 10
const here = dirname(fileURLToPath(import.meta.url))

function write(site: string, path: string, bytes: string | Buffer, isPacked = true): void {
  const full = join(site, path)
  mkdirSync(dirname(full), { recursive: true })
  const put = (name: string, content: string | Buffer) => {
    writeFileSync(name + '.new', content)
    renameSync(name + '.new', name)
  }
  put(full, bytes)
  if (isPacked) put(full + '.gz', gzipSync(bytes, { level: 9 }))
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

function readEntries(site: string, size: number): Entry[] {
  const entries: Entry[] = []
  for (let i = 0; i * 256 < size; i++)
    entries.push(...readJson<{ entries: (Entry & { signers?: Entry['signers'] })[] }>(
      join(site, `data/log/${i}.json`)).entries)
  return entries
}

/** A text of the content store; undefined if it is none, or too long for a page. */
function readBlob(site: string, digest: string): string | undefined {
  const path = join(site, 'repo/cas/sha256', digest.slice(0, 2), digest)
  if (!existsSync(path)) return undefined
  const bytes = readFileSync(path)
  if (bytes.length > MAX_TEXT) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** When a quorum saw it, as the proof that is served says; browsers verify it. */
function readSeen(site: string, digest: string, needed: number): number | undefined {
  const path = join(site, 'repo/proof', digest + '.tlog-proof')
  if (!existsSync(path)) return undefined
  const times = readFileSync(path, 'utf8').split('\n')
    .filter((line) => line.startsWith('\u2014 '))
    .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64'))
    .filter((raw) => raw.length === 76)
    .map((raw) => Number(raw.readBigUInt64BE(4))).sort((a, b) => b - a)
  return times[Math.min(needed, times.length) - 1]
}

/** What the search box looks through. */
function searchIndex(model: Model) {
  const items: { k: string; t: string; u: string; x: string }[] = []
  for (const e of model.entries) {
    const names = e.lines.flatMap(([, text]) => digestOf(text) ?? [])
    items.push({ k: e.type, t: summary(e), u: `log/entries/${Math.floor(e.index / PER_PAGE)}/#e${e.index}`,
      x: [`#${e.index}`, e.digest, e.leaf, ...names, value(e, 'id') ?? '',
        value(e, 'version') ?? '', ...values(e, 'file')].join(' ').toLowerCase() })
  }
  for (const u of model.updates)
    items.push({ k: 'release', t: `${u.channel} ${u.seq}`, u: `updates/#u${u.entry.index}`,
      x: `${u.channel} ${u.seq}`.toLowerCase() })
  for (const r of model.requests)
    items.push({ k: 'request', t: r.id, u: `requests/#${r.id}`, x: r.id.toLowerCase() })
  const rules = model.rules.flatMap((rule) => rule.versions.map((v) => ({
    id: rule.id, rev: value(v.entry, 'rev') ?? '', u: `rules/${ruleFile(rule.id)}/#r${value(v.entry, 'rev')}`,
    s: v.source ?? '' })))
  return { n: model.entries.length, items, rules }
}

function csv(model: Model): string {
  const head = 'period,country,kind,requests,processed,rejected,withdrawn,pending,entries'
  return [head, ...model.table.map((r) => [r.period, r.country, r.kind, r.requests, r.processed,
    r.rejected, r.withdrawn, r.pending, r.entries.join(' ')].join(','))].join('\n') + '\n'
}

function pagesOf(model: Model): [string, (c: Context) => VNode][] {
  const pages: [string, (c: Context) => VNode][] = [
    ['', (c) => <Home c={c} />], ['updates/', (c) => <Updates c={c} />],
    ['rules/', (c) => <Rules c={c} />], ['builds/', (c) => <Builds c={c} />],
    ['log/', (c) => <Log c={c} />], ['file/', (c) => <FilePage c={c} />],
    ['leaves/', (c) => <Leaves c={c} />], ['regions/', (c) => <Regions c={c} />],
    ['requests/', (c) => <Requests c={c} />], ['continuity/', (c) => <Continuity c={c} />],
    ['audits/', (c) => <Audits c={c} />], ['review/', (c) => <Review c={c} />],
    ['intel/', (c) => <Intel c={c} />], ['limits/', (c) => <Limits c={c} />],
    ['search/', (c) => <Search c={c} />],
  ]
  for (let i = 0; i * PER_PAGE < model.entries.length; i++)
    pages.push([`log/entries/${i}/`, (c) => <Entries c={c} part={i} />])
  for (const rule of model.rules)
    pages.push([`rules/${ruleFile(rule.id)}/`, (c) => <RulePage c={c} rule={rule} />])
  return pages
}

interface Built { file: string; css?: string[] }

function writeAssets(site: string): Context['assets'] {
  const manifest = readJson<Record<string, Built>>(join(here, 'client/manifest.json'))
  for (const name of readdirSync(join(here, 'client/assets')))
    write(site, 'assets/' + name, readFileSync(join(here, 'client/assets', name)))
  const styles = readdirSync(join(here, 'client/assets')).filter((n) => n.endsWith('.css'))
  return { script: manifest['src/client.ts'].file, style: 'assets/' + styles[0] }
}

const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" ' +
  'r="6" fill="none" stroke="#2a6" stroke-width="3"/></svg>\n'

function up(path: string): string {
  return '../'.repeat(path.split('/').length - 1)
}

function writePages(site: string, model: Model, assets: Context['assets']): number {
  let n = 0
  const one = (lang: Code, path: string, file: string, page: (c: Context) => VNode) => {
    const below = lang === 'en' ? '' : lang + '/'
    const c: Context = { model, t: languages[lang], lang, up: up(path), top: up(below + path), path, assets }
    write(site, below + file, '<!doctype html>\n' + render(page(c)) + '\n')
    n++
  }
  for (const lang of Object.keys(languages) as Code[])
    for (const [path, page] of pagesOf(model)) one(lang, path, path + 'index.html', page)
  one('en', '', '404.html', (c) => <NotFound c={{ ...c, up: '/', top: '/' }} />)
  return n
}

function main(site: string): void {
  const facts = readJson<SiteFacts>(join(site, 'data/site.json'))
  const needed = Number(/^group \S+ (\d+)/m.exec(facts.policy)?.[1] ?? 1)
  const model = buildModel(facts, readEntries(site, facts.size), {
    blob: (digest) => readBlob(site, digest),
    seen: (digest) => readSeen(site, digest, needed) })
  write(site, 'icon.svg', ICON)
  write(site, 'data/search.json', JSON.stringify(searchIndex(model)))
  write(site, 'data/requests.csv', csv(model))
  write(site, 'data/requests.json', JSON.stringify(model.table))
  const n = writePages(site, model, writeAssets(site))
  console.log(`${site}: ${n} pages`)
}

if (process.argv.length !== 3) {
  console.error('usage: node render.mjs SITE')
  process.exitCode = 2
} else {
  main(process.argv[2])
}
