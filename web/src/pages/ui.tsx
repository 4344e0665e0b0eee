// SPDX-License-Identifier: Apache-2.0
// What all pages are made of. Pages are strings of HTML once they are rendered;
// src/client.ts brings them to life by the data attributes that stand here.

import type { ComponentChildren } from 'preact'
import { value, type Entry, type Model } from '../data/model'
import { languages, type Code } from '../strings/languages'
import { fill, type Strings } from '../strings/en'

export interface Context {
  model: Model
  t: Strings
  lang: Code
  /** From this page to the top of the language, "" or "../..". */
  up: string
  /** From this page to the top of the site. */
  top: string
  path: string
  assets: { script: string; style: string }
}

export const SECTIONS: { title: keyof Strings; pages: (keyof Strings)[] }[] = [
  { title: 'nav_state', pages: ['home', 'updates', 'rules', 'builds', 'log'] },
  { title: 'nav_you', pages: ['file', 'leaves', 'regions', 'requests', 'continuity'] },
  { title: 'nav_check', pages: ['audits', 'review', 'intel', 'limits'] },
]

export function pathOf(page: string): string {
  return page === 'home' ? '' : page + '/'
}

export function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC'
}

/** The absolute time; the browser adds the age. */
export function Time({ at, c }: { at: number | undefined; c: Context }) {
  if (!at) return <span>{c.t.time_never}</span>
  return <time datetime={new Date(at * 1000).toISOString()} data-age={at}>{iso(at)}</time>
}

export function Hash({ hash, length = 12 }: { hash: string; length?: number }) {
  return <code class="hash" title={hash} data-copy={hash}>
    {hash.length > length ? hash.slice(0, length) + '\u2026' : hash}</code>
}

export function Command({ text, c }: { text: string; c: Context }) {
  return <div class="command"><pre tabIndex={0}><code>{text}</code></pre>
    <button type="button" data-copy={text} class="copy" hidden>{c.t.copy}</button></div>
}

export const PER_PAGE = 256

export function entryUrl(c: Context, index: number): string {
  return `${c.up}log/entries/${Math.floor(index / PER_PAGE)}/#e${index}`
}

export function EntryLink({ index, c }: { index: number; c: Context }) {
  return <a href={entryUrl(c, index)}>#{index}</a>
}

/** A button that proves the entry in the browser, and its answer. */
export function Prove({ entry, c }: { entry: Entry; c: Context }) {
  return <span class="prove"><EntryLink index={entry.index} c={c} />{' '}
    <button type="button" data-prove={entry.index} data-digest={entry.digest} hidden>
      {c.t.prove}</button></span>
}

export function Signers({ entry }: { entry: Entry }) {
  return <>{entry.signers.map(([group, name], i) =>
    <span key={name}>{i > 0 ? ', ' : ''}<span class="signer" title={group}>{name}</span></span>)}
  </>
}

export function Empty({ text }: { text: string }) {
  return <p class="empty">{text}</p>
}

export function Table({ head, children, caption, numbers = [] }: {
  head: string[]; children: ComponentChildren; caption?: string; numbers?: number[]
}) {
  return <div class="table" tabIndex={0} role="region" aria-label={caption ?? head.join(', ')}>
    <table>{caption && <caption>{caption}</caption>}
      <thead><tr>{head.map((h, i) =>
        <th key={h} scope="col" class={numbers.includes(i) ? 'n' : undefined}>{h}</th>)}
      </tr></thead>
      <tbody>{children}</tbody></table></div>
}

export function blobUrl(c: Context, digest: string): string {
  return `${c.top}repo/cas/sha256/${digest.slice(0, 2)}/${digest}`
}

/** What an entry is about, in one line. */
export function summary(e: Entry): string {
  const names: Record<string, string[]> = {
    'rule-change': ['op', 'id', 'rev'], feed: ['op', 'id', 'version'],
    release: ['channel', 'seq'], 'code-release': ['product', 'version'],
    recall: ['id', 'why'], notice: ['kind', 'id', 'region'],
    'key-event': ['role', 'version'], rebuild: ['release', 'result'],
    'log-start': ['origin'], 'log-end': ['origin', 'next'],
    reveal: ['change'], snapshot: ['epoch'], delta: ['seq'],
    request: ['id', 'country', 'kind'], 'request-decision': ['id', 'decision'],
    'request-report': ['period'], drill: ['kind', 'result', 'date'],
  }
  const wanted = names[e.type] ?? e.lines.slice(0, 2).map(([n]) => n)
  return wanted.map((n) => value(e, n)).filter(Boolean).join(' ')
}

function Navigation({ c, page }: { c: Context; page: string }) {
  return <nav id="menu" aria-label={c.t.menu}>{SECTIONS.map((s) =>
    <section key={s.title}><h2>{c.t[s.title]}</h2><ul>{s.pages.map((p) =>
      <li key={p}><a href={c.up + pathOf(p) || './'}
        aria-current={p === page ? 'page' : undefined}>{c.t[p]}</a></li>)}</ul></section>)}
  </nav>
}

function Languages({ c }: { c: Context }) {
  return <nav aria-label={c.t.languages} class="languages">{
    (Object.keys(languages) as Code[]).map((code) =>
      code === c.lang ? <b key={code} lang={code}>{languages[code].lang}</b>
        : <a key={code} lang={code} hreflang={code}
          href={(c.top + (code === 'en' ? '' : code + '/') + c.path) || './'}>
          {languages[code].lang}</a>)}</nav>
}

function ProofStrip({ c }: { c: Context }) {
  return <section id="proof" data-state="none" role="status" aria-live="polite">
    <noscript><p>{c.t.proof_nojs}</p></noscript>
    <p class="waiting" hidden>{c.t.proof_waiting}</p></section>
}

export function Page({ c, page, title, children }: {
  c: Context; page: string; title: string; children: ComponentChildren
}) {
  const { site } = c.model
  return <html lang={c.lang as string} data-top={c.top || './'} data-up={c.up || './'}
    data-max-age={site.maxAge} data-roots={site.tuf.root.version} data-page={page}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} \u00b7 ${site.instance}`}</title>
      <link rel="icon" href={c.top + 'icon.svg'} type="image/svg+xml" />
      <link rel="stylesheet" href={c.top + c.assets.style} />
      <script type="module" src={c.top + c.assets.script}></script>
    </head>
    <body>
      <a class="skip" href="#content">{c.t.skip}</a>
      <header><a class="brand" href={c.up || './'}><b>{site.instance}</b>{' '}
        <span>{c.t.site}</span></a>
        <a class="to-menu" href="#menu">{c.t.menu}</a></header>
      <Navigation c={c} page={page} />
      <main id="content">
        <ProofStrip c={c} />
        {site.problems.map((p) => <p class="alarm" key={p.what}>
          {fill(c.t.built_problem, { text: p.text })}</p>)}
        <h1>{title}</h1>
        {children}
      </main>
      <footer><p>{c.t.made.split('{time}')[0]}<Time at={site.built} c={c} />
        {fill(c.t.made.split('{time}')[1], { n: site.size, format: site.format })}</p>
        <p>{c.t.th_digest} 1.root.json <Hash hash={site.firstRoot} length={64} /></p>
        <Languages c={c} /></footer>
    </body></html>
}
