// SPDX-License-Identifier: Apache-2.0
// The log and its entries, audits, review room, threat intelligence, limits,
// search: what it takes to check all this.

import { digestOf, documents, timeOf, value, type Entry } from '../data/model'
import { fill, type Strings } from '../strings/en'
import {
  blobUrl, Command, Empty, EntryLink, entryUrl, Hash, Page, PER_PAGE, Prove, Signers, summary,
  Table, Time, type Context,
} from './ui'

export function Log({ c }: { c: Context }) {
  const { t, model } = c
  const { site, entries } = model
  const types = new Map<string, number>()
  for (const e of entries) types.set(e.type, (types.get(e.type) ?? 0) + 1)
  const pages = Math.ceil(entries.length / PER_PAGE)
  return <Page c={c} page="log" title={t.log}>
    <p class="lead">{fill(t.log_lead, { n: site.size })}</p>
    <section><h2>{t.log_checkpoint}</h2>
      <dl class="facts-list">
        <div><dt>origin</dt><dd>{site.origin}</dd></div>
        <div><dt>size</dt><dd>{site.size}</dd></div>
        <div><dt>root</dt><dd><Hash hash={site.root} length={64} /></dd></div></dl>
      <p><a href={c.top + 'repo/log/checkpoint'}>{t.raw}</a></p>
      <Command c={c} text="overt-monitor verify-log MIRROR/log policy" /></section>
    <section><h2>{t.log_witnesses}</h2>
      <Table head={[t.th_name, t.th_time]}>{site.witnesses.map((w) => <tr key={w.name}>
        <th scope="row">{w.name}</th><td>{w.time ? <Time at={w.time} c={c} />
          : <span class="old">{t.log_not_signed}</span>}</td></tr>)}</Table></section>
    <section><h2>{t.log_compare}</h2><p>{t.log_compare_text}</p>
      <form id="compare" hidden><label for="checkpoint">{t.log_checkpoint}</label>
        <textarea id="checkpoint" rows={6} spellcheck={false}></textarea>
        <button>{t.log_compare_button}</button><p role="status" aria-live="polite"></p></form>
    </section>
    <section><h2>{t.log_monitors}</h2><p>{t.log_monitors_text}</p>
      <Command c={c} text="overt-monitor run --help" /></section>
    <section><h2>{t.all_entries}</h2><ul class="pages">{Array.from({ length: pages }, (_, i) =>
      <li key={i}><a href={`${c.up}log/entries/${i}/`}>{fill(t.log_entries, { from: i * PER_PAGE,
        to: Math.min(entries.length, (i + 1) * PER_PAGE) - 1 })}</a></li>)}</ul>
      <EntryTable entries={entries.slice(-20).reverse()} c={c} /></section>
    <section><h2>{t.log_types}</h2><Table head={[t.th_type, '#']} numbers={[1]}>
      {[...types].sort().map(([type, n]) => <tr key={type}><td>{type}</td>
        <td class="n">{n}</td></tr>)}</Table></section>
    <section><h2>{t.log_policy}</h2><pre class="source" tabIndex={0}>{site.policy}</pre></section>
  </Page>
}

function EntryTable({ entries, c }: { entries: Entry[]; c: Context }) {
  const { t } = c
  return <Table head={[t.th_entry, t.th_type, t.th_says, t.th_signers, t.th_time]}>
    {entries.map((e) => <tr key={e.index}><td><Prove entry={e} c={c} /></td><td>{e.type}</td>
      <td>{summary(e)} {e.problem && <strong class="bad">{t.problem}: {e.problem}</strong>}</td>
      <td><Signers entry={e} /></td><td><Time at={timeOf(e)} c={c} /></td></tr>)}</Table>
}

export function Entries({ c, part }: { c: Context; part: number }) {
  const { t, model } = c
  const list = model.entries.slice(part * PER_PAGE, (part + 1) * PER_PAGE)
  const to = list[list.length - 1]?.index ?? 0
  return <Page c={c} page="log" title={fill(t.log_entries, { from: part * PER_PAGE, to })}>
    <p><a href={c.up + 'log/'}>{t.log}</a></p>
    {list.map((e) => <article class="entry" id={`e${e.index}`} key={e.index}>
      <h2><a href={entryUrl(c, e.index)}>#{e.index}</a> {e.type} <small>{summary(e)}</small></h2>
      {e.problem && <p class="alarm">{t.problem}: {e.problem}</p>}
      <dl class="lines">{e.lines.map(([name, text], i) => <div key={i}><dt>{name}</dt>
        <dd>{digestOf(text) ? <a href={blobUrl(c, digestOf(text)!)}>{text}</a> : text}</dd></div>)}
      <div><dt>{t.signed_by}</dt><dd><Signers entry={e} /></dd></div>
      <div><dt>leaf</dt><dd><Hash hash={e.leaf} length={64} /></dd></div>
      <div><dt>SHA-256</dt><dd><Hash hash={e.digest} length={64} /></dd></div></dl>
      <p class="foot"><Prove entry={e} c={c} /></p></article>)}
    <Command c={c} text={'overt-monitor verify-log MIRROR/log policy\novert-publish show DIR INDEX'} />
  </Page>
}

export function Audits({ c }: { c: Context }) {
  const { t, model } = c
  const audits = documents(model, 'overt-audit/1')
  const word = (file: Record<string, unknown>, name: string) =>
    typeof file[name] === 'string' ? file[name] as string : ''
  return <Page c={c} page="audits" title={t.audits}>
    <p class="lead">{t.audits_lead}</p>
    {audits.length === 0 ? <Empty text={t.audits_empty} />
      : <Table head={[t.th_name, t.th_kind, t.th_says, t.th_date, t.th_result, t.th_entry]}>
        {audits.map(({ entry, file }) => <tr key={entry.index}>
          <th scope="row">{word(file, 'by')}</th><td>{word(file, 'kind')}</td>
          <td>{word(file, 'scope')}</td><td>{word(file, 'valid_until') || word(file, 'date')}</td>
          <td>{word(file, 'result')}</td><td><Prove entry={entry} c={c} /></td></tr>)}</Table>}
    <section><h2>{t.audits_people}</h2><p>{t.audits_people_text}</p>
      <pre class="source" tabIndex={0}>{model.site.people}</pre></section>
    <p>{t.audits_bounty}</p>
  </Page>
}

export function Intel({ c }: { c: Context }) {
  const { t, model } = c
  const reports = documents(model, 'overt-threat-report/1')
  const help = model.requests.filter((r) =>
    (value(r.facts, 'kind') ?? '').startsWith('technical'))
  return <Page c={c} page="intel" title={t.intel}>
    <p class="lead">{t.intel_lead}</p>
    {reports.length === 0 && <Empty text={t.intel_empty} />}
    {reports.map(({ entry, file }) => <article class="update" key={entry.index}>
      <h2>{String(file.title ?? '')}</h2><p>{String(file.text ?? '')}</p>
      <Prove entry={entry} c={c} /></article>)}
    <h2>{t.intel_cases}</h2>
    {help.length === 0 ? <Empty text={t.none} /> : <Table head={[t.th_name, t.th_kind, t.th_entry]}>
      {help.map((r) => <tr key={r.id}><td>{r.id}</td><td>{value(r.facts, 'authority')}</td>
        <td><EntryLink index={r.facts.index} c={c} /></td></tr>)}</Table>}
    <h2>{t.by_hand}</h2><Command c={c} text={'overt export yara DIR\novert export clamav DIR'} />
  </Page>
}

const GUIDE: [keyof Strings, string[]][] = [
  ['review_update', ['src/lib/trust/update.c', 'src/lib/trust/update_verify.c',
    'src/lib/tuf/tuf_client.c', 'src/lib/log/proof.c', 'src/lib/log/policy.c']],
  ['review_leaves', ['src/programs/fetch/', 'src/host/outbound_book.c',
    'src/lib/reputation/submission_policy.c', 'src/host/cloud_mode.def']],
  ['review_parser', ['src/programs/worker/', 'src/lib/formats/', 'src/sys/sandbox.def',
    'src/lib/base/reader.c']],
  ['review_network', ['src/programs/fetch/', 'src/programs/tls/', 'src/programs/http/',
    'src/programs/icap/']],
  ['review_privilege', ['src/programs/overtd/', 'src/programs/guard/',
    'src/host/quarantine_take.c']],
]

export function Review({ c }: { c: Context }) {
  const { t, model } = c
  const code = model.code[0]
  return <Page c={c} page="review" title={t.review}>
    <p class="lead">{t.review_lead}</p>
    <section><h2>{t.review_source}</h2>{code
      ? <><p><a href={blobUrl(c, digestOf(value(code, 'source'))!)}>
        {value(code, 'product')} {value(code, 'version')}</a>{' '}
        <Hash hash={digestOf(value(code, 'source'))!} length={64} />{' '}
        <Prove entry={code} c={c} /></p></>
      : <Empty text={t.review_source_none} />}</section>
    <section><h2>{t.review_guide}</h2><ol class="guide">{GUIDE.map(([title, files]) =>
      <li key={title}><h3>{t[title]}</h3><ul>{files.map((f) =>
        <li key={f}><code>{f}</code></li>)}</ul></li>)}</ol></section>
    <section><h2>{t.review_list}</h2><ul class="checklist">
      {[1, 2, 3, 4, 5, 6, 7, 8].map((i) => <li key={i}><label>
        <input type="checkbox" /> {t[`review_list_${i}` as keyof Strings]}</label></li>)}</ul>
      <Command c={c} text={'meson test -C build jail_stops_a_rogue\nmeson test -C build --suite attacks\nmeson test -C build outbound_equals_what_the_kernel_counts'} />
    </section>
  </Page>
}

export function Limits({ c }: { c: Context }) {
  const { t } = c
  return <Page c={c} page="limits" title={t.limits}>
    <p class="lead">{t.limits_lead}</p>
    <ol class="limits">{[1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) =>
      <li key={i}>{t[`limits_${i}` as keyof Strings]}</li>)}</ol>
  </Page>
}

export function Search({ c }: { c: Context }) {
  const { t } = c
  return <Page c={c} page="search" title={t.search}>
    <form class="search" action="./" method="get" role="search">
      <label for="q">{t.search_label}</label>
      <div><input id="q" name="q" type="search" autocomplete="off" spellcheck={false} />
        <button>{t.search_button}</button></div>
      <label class="pick" hidden>{t.search_file} <input type="file" data-hash-file /></label></form>
    <noscript><Empty text={t.search_needs_js} /></noscript>
    <div id="results" aria-live="polite"></div>
  </Page>
}

export function NotFound({ c }: { c: Context }) {
  return <Page c={c} page="404" title={c.t.notfound}><p>{c.t.notfound_text}</p></Page>
}
