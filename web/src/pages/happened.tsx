// SPDX-License-Identifier: Apache-2.0
// Home, updates, rules, builds: what was pushed, by whom.

import {
  digestOf, sizeOf, timeOf, value, values, type Change, type DiffLine, type Entry, type Rule,
  type Update,
} from '../data/model'
import { fill } from '../strings/en'
import {
  blobUrl, Command, Empty, entryUrl, EntryLink, Hash, iso, Page, Prove, Signers, Table, Time,
  type Context,
} from './ui'

/** So many entries of a fact are proven; more would take time. */
const MOST = 20

function SearchBox({ c }: { c: Context }) {
  return <form class="search" action={c.up + 'search/'} method="get" role="search">
    <label for="q">{c.t.search_label}</label>
    <div><input id="q" name="q" type="search" autocomplete="off" spellcheck={false} />
      <button>{c.t.search_button}</button></div>
    <label class="pick" hidden>{c.t.search_file} <input type="file" data-hash-file /></label>
  </form>
}

/** entries: those that it stands on, which the browser proves. */
function Fact({ name, title, big, text, at, href, entries, c }: {
  name: string; title: string; big: string; text: string; at?: number; href: string
  entries?: Entry[]; c: Context
}) {
  return <article class="fact" data-fact={name} data-state="none"
    data-entries={entries && JSON.stringify(entries.map((e) => [e.index, e.digest]))}>
    <h2><a href={href}>{title}</a></h2>
    <p class="big">{big}</p>
    <p>{text}</p>
    <p class="foot"><span class="dot" data-words>{c.t.state_none}</span>
      {at ? <> <Time at={at} c={c} /></> : null}</p></article>
}

function counts(u: Update): Record<string, number> {
  const n: Record<string, number> = { add: 0, modify: 0, retire: 0 }
  for (const change of u.changes) n[change.op] = (n[change.op] ?? 0) + 1
  return n
}

export function Home({ c }: { c: Context }) {
  const { site, updates, commitments } = c.model
  const { t } = c
  const last = updates[0]
  const n = site.witnesses.filter((w) => w.time > 0).length
  const rebuilt = last ? last.same.length + last.different.length : 0
  return <Page c={c} page="home" title={t.home_title}>
    <p class="lead">{fill(t.home_lead, { instance: site.instance })}</p>
    <SearchBox c={c} />
    <div class="facts">
      <Fact c={c} name="log" title={t.fact_log} href={c.up + 'log/'}
        big={fill(t.fact_log_big, { n: site.size })} at={site.vouched}
        text={fill(t.fact_log_text, { n, of: site.witnesses.length })} />
      <Fact c={c} name="update" title={t.fact_update} href={c.up + 'updates/'}
        entries={last ? [last.entry, ...last.changes.map((x) => x.entry)].slice(0, MOST) : []}
        big={last ? `${last.channel} ${last.seq}` : t.fact_update_none} at={last?.time}
        text={last ? fill(t.fact_update_text, counts(last)) : t.fact_update_none_text} />
      <Fact c={c} name="rebuilds" title={t.fact_rebuilds} href={c.up + 'builds/'}
        entries={last ? [...last.same, ...last.different].slice(0, MOST) : []}
        big={rebuilt > 0 ? fill(t.fact_rebuilds_big, { n: last.same.length, of: rebuilt }) : '\u2013'}
        text={rebuilt > 0 ? t.fact_rebuilds_text : t.fact_rebuilds_none} />
      <Fact c={c} name="gag" title={t.fact_gag} href={c.up + 'requests/'}
        entries={c.model.entries.filter((e) => e.type === 'request-commitments' ||
          e.type === 'request-opening').slice(-MOST)}
        big={commitments.n > 0
          ? fill(t.fact_gag_big, { n: commitments.open, of: commitments.n }) : '\u2013'}
        text={commitments.oldest
          ? fill(t.fact_gag_text, { date: commitments.oldest }) : t.fact_gag_none} />
      <Fact c={c} name="fresh" title={t.fact_fresh} href={c.up + 'log/'}
        big={iso(Math.min(...Object.values(site.tuf).map((m) => m.expires)))}
        text={t.fact_fresh_text} at={site.vouched} />
    </div>
    <section><h2>{t.updates}</h2>
      {updates.length === 0 ? <Empty text={t.updates_empty} /> : <Table caption={t.updates}
        head={[t.th_time, t.updates, t.th_says, t.th_signers, t.th_entry]}>
        {updates.slice(0, 10).map((u) => <tr key={u.entry.index}>
          <td><Time at={u.time} c={c} /></td>
          <td><a href={`${c.up}updates/#u${u.entry.index}`}>{u.channel} {u.seq}</a></td>
          <td>{fill(t.fact_update_text, counts(u))}</td>
          <td><Signers entry={u.entry} /></td>
          <td><Prove entry={u.entry} c={c} /></td></tr>)}</Table>}
    </section>
  </Page>
}

export function Diff({ lines }: { lines: DiffLine[] }) {
  return <pre class="diff" tabIndex={0}>{lines.map((line, i) =>
    line.op === '+' ? <ins key={i}>{'+ ' + line.text + '\n'}</ins>
      : line.op === '-' ? <del key={i}>{'- ' + line.text + '\n'}</del>
        : <span key={i}>{'  ' + line.text + '\n'}</span>)}</pre>
}

function ChangeItem({ change, c }: { change: Change; c: Context }) {
  const { entry } = change
  const tests = digestOf(value(entry, 'tests'))
  return <details class="change"><summary>
    <span class={'op ' + change.op}>{change.op}</span>{' '}<b>{change.id}</b>{' '}
    {value(entry, 'why')}{' '}<small><Signers entry={entry} /></small></summary>
    {change.diff.length > 0 && <Diff lines={change.diff} />}
    <p class="foot"><Prove entry={entry} c={c} />{' '}
      <a href={`${c.up}rules/${ruleFile(change.id)}/`}>{change.id}</a>{' '}
      {tests && <a href={blobUrl(c, tests)}>{c.t.updates_tests}</a>}{' '}
      <Time at={timeOf(entry)} c={c} /></p></details>
}

function UpdateItem({ u, c }: { u: Update; c: Context }) {
  const { t } = c
  const rollout = value(u.entry, 'rollout')
  return <article class="update" id={`u${u.entry.index}`}>
    <h2>{fill(t.updates_of_rules, { seq: u.seq, channel: u.channel })}{' '}
      {u.recalls.length > 0 && <strong class="bad">{t.updates_recalled}</strong>}</h2>
    <dl class="facts-list">
      <div><dt>{t.th_time}</dt><dd><Time at={u.time} c={c} /></dd></div>
      <div><dt>{t.signed_by}</dt><dd><Signers entry={u.entry} /></dd></div>
      <div><dt>{t.th_entry}</dt><dd><Prove entry={u.entry} c={c} /></dd></div>
      <div><dt>{t.updates_records}</dt><dd>{value(u.entry, 'records')}</dd></div>
      <div><dt>{t.updates_rollout}</dt><dd>{rollout ?? t.updates_rollout_all}</dd></div>
      <div><dt>{t.updates_root}</dt><dd><Hash hash={value(u.entry, 'set-root') ?? ''} /></dd></div>
      <div><dt>{t.updates_images}</dt><dd>{values(u.entry, 'db').map((db) =>
        <span key={db}><Hash hash={digestOf(db) ?? db} />{' '}</span>)}</dd></div>
      <div><dt>{t.updates_rebuilds}</dt><dd>{fill(t.updates_rebuilt,
        { same: u.same.length, different: u.different.length })}</dd></div>
    </dl>
    <h3>{u.changes.length > 0 ? fill(t.updates_diff, { n: u.changes.length })
      : t.updates_no_diff}</h3>
    {u.changes.map((change) =>
      <ChangeItem key={change.entry.index} change={change} c={c} />)}
  </article>
}

export function Updates({ c }: { c: Context }) {
  const { t, model } = c
  return <Page c={c} page="updates" title={t.updates}>
    <p class="lead">{t.updates_lead}</p>
    {model.updates.length === 0 && <Empty text={t.updates_empty} />}
    {model.updates.map((u) => <UpdateItem key={u.entry.index} u={u} c={c} />)}
    <section><h2>{t.updates_recalls}</h2>
      {model.recalls.length === 0 ? <Empty text={t.updates_recalls_none} />
        : <Table head={[t.th_time, t.th_name, t.th_says, t.th_why, t.th_signers, t.th_entry]}>
          {model.recalls.map((r) => <tr key={r.index}><td><Time at={timeOf(r)} c={c} /></td>
            <td>{value(r, 'id')}</td>
            <td>{[...values(r, 'rule'), ...values(r, 'release'), ...values(r, 'code')].join(', ')}</td>
            <td>{value(r, 'why')}</td><td><Signers entry={r} /></td>
            <td><Prove entry={r} c={c} /></td></tr>)}</Table>}
      <h3>{t.by_hand}</h3>
      <Command c={c} text={'overt verify --deep\novert why DETECTION'} /></section>
  </Page>
}

/** A folder's name for a rule: what stands in it is only letters and so on. */
export function ruleFile(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, (char) => '.' + char.charCodeAt(0).toString(16))
    .replace(/^\./, '_.')
}

function last<T>(list: T[]): T {
  return list[list.length - 1]
}

function ruleState(rule: Rule, c: Context): string {
  if (value(last(rule.versions).entry, 'op') === 'retire') return c.t.rules_retired
  return rule.recalls.length > 0 ? c.t.rules_recalled : ''
}

export function Rules({ c }: { c: Context }) {
  const { t } = c
  const { rules } = c.model
  const versions = rules.reduce((n, r) => n + r.versions.length, 0)
  return <Page c={c} page="rules" title={t.rules}>
    <p class="lead">{t.rules_lead}</p>
    <form class="search" action={c.up + 'search/'} method="get" role="search">
      <label for="q">{t.rules_search}</label>
      <div><input id="q" name="q" type="search" /><button>{t.search_button}</button></div></form>
    <p>{fill(t.rules_count, { n: rules.length, v: versions })}</p>
    {rules.length === 0 ? <Empty text={t.rules_empty} />
      : <Table head={[t.th_rule, t.th_kind, t.th_revision, t.th_why, t.th_author, t.th_time,
        t.th_state, t.th_entry]} numbers={[2]}>
        {rules.map((rule) => {
          const e = last(rule.versions).entry
          return <tr key={rule.id}>
            <td><a href={`${c.up}rules/${ruleFile(rule.id)}/`}>{rule.id}</a></td>
            <td>{value(e, 'kind') ?? e.type}</td><td class="n">{value(e, 'rev')}</td>
            <td>{value(e, 'why')}</td><td>{value(e, 'author')}</td>
            <td><Time at={timeOf(e)} c={c} /></td>
            <td>{ruleState(rule, c)}</td><td><Prove entry={e} c={c} /></td></tr>
        })}</Table>}
  </Page>
}

function RuleVersion({ rule, i, c }: { rule: Rule; i: number; c: Context }) {
  const { t } = c
  const { entry, source } = rule.versions[i]
  const embargo = value(entry, 'embargo')
  const digest = digestOf(value(entry, 'source'))
  return <article class="update" id={`r${value(entry, 'rev')}`}>
    <h2>{t.th_revision} {value(entry, 'rev')}{' '}<span class={'op ' + value(entry, 'op')}>
      {value(entry, 'op')}</span></h2>
    <p>{value(entry, 'why')}</p>
    <p class="foot"><Time at={timeOf(entry)} c={c} />{' '}{t.signed_by}{' '}
      <Signers entry={entry} />{' '}<Prove entry={entry} c={c} />{' '}
      {digest && <Hash hash={digest} />}</p>
    {source !== undefined && digest
      ? <>{i > 0 && <Diff lines={c.model.updates.flatMap((u) => u.changes)
        .find((x) => x.entry.index === entry.index)?.diff ?? []} />}
      <pre class="source" tabIndex={0}>{source}</pre>
      <p class="foot"><a href={blobUrl(c, digest)}>{t.raw}</a></p></>
      : entry.type === 'feed' ? <p>{t.rules_feed}: {value(entry, 'url')}</p>
        : embargo ? <p>{fill(t.rules_embargo, { date: embargo })}</p>
          : digest ? <p>{t.rules_gone}</p> : null}
  </article>
}

export function RulePage({ c, rule }: { c: Context; rule: Rule }) {
  const order = rule.versions.map((_, i) => i).reverse()
  return <Page c={c} page="rules" title={rule.id}>
    {rule.recalls.map((r) => <p class="alarm" key={r.index}>{c.t.rules_recalled}:{' '}
      {value(r, 'why')}{' '}<Prove entry={r} c={c} /></p>)}
    {order.map((i) => <RuleVersion key={i} rule={rule} i={i} c={c} />)}
    <h2>{c.t.by_hand}</h2>
    <Command c={c} text={`overt why ${rule.id}`} />
  </Page>
}

interface Component { name?: string; version?: string; licenses?: unknown }

/** The components of a CycloneDX bill of materials, if it is one. */
function components(text: string | undefined): Component[] {
  try {
    return (JSON.parse(text ?? '') as { components?: Component[] }).components ?? []
  } catch {
    return []
  }
}

function licences(list: unknown): string {
  const names = JSON.stringify(list ?? []).match(/"(?:id|name|expression)":"([^"]+)"/g) ?? []
  return names.map((n) => n.split('"')[3]).join(', ')
}

function CodeRelease({ e, c }: { e: Entry; c: Context }) {
  const { t } = c
  const source = digestOf(value(e, 'source'))!
  const bom = digestOf(value(e, 'sbom'))
  const version = value(e, 'version')
  const list = bom ? components(c.model.blob(bom)) : []
  return <article class="update" id={`c${e.index}`}>
    <h2>{value(e, 'product')} {version}</h2>
    <p class="foot"><Time at={timeOf(e)} c={c} />{' '}{t.signed_by}{' '}<Signers entry={e} />{' '}
      <Prove entry={e} c={c} /></p>
    <Table head={[t.th_file, t.th_size, t.th_digest]} numbers={[1]} caption={t.builds_files}>
      <tr><td><a href={blobUrl(c, source)}>{t.builds_source}</a></td>
        <td class="n">{sizeOf(value(e, 'source'))}</td><td><Hash hash={source} length={64} /></td></tr>
      {values(e, 'file').map((file) => {
        const digest = digestOf(file)!
        return <tr key={file}><td><a href={blobUrl(c, digest)}>{file.split(' ')[0]}</a></td>
          <td class="n">{sizeOf(file)}</td><td><Hash hash={digest} length={64} /></td></tr>
      })}</Table>
    <h3>{t.builds_rebuild}</h3>
    <Command c={c} text={`tools/rebuild-code overt-${version}.source.tar FOLDER\nsha256sum FOLDER/*`} />
    <h3>{t.builds_self}</h3>
    <Command c={c} text="overt verify --self --from MIRROR" />
    <h3>{t.builds_sbom}</h3>
    {list.length === 0 ? <Empty text={t.builds_sbom_none} />
      : <Table head={[t.th_name, t.th_version, t.th_licence]}>{list.map((x) =>
        <tr key={x.name}><td>{x.name}</td><td>{x.version}</td><td>{licences(x.licenses)}</td></tr>)}
      </Table>}
  </article>
}

export function Builds({ c }: { c: Context }) {
  const { t, model } = c
  const rebuilds = model.entries.filter((e) => e.type === 'rebuild').reverse()
  return <Page c={c} page="builds" title={t.builds}>
    <p class="lead">{t.builds_lead}</p>
    {model.code.length === 0 && <Empty text={t.builds_empty} />}
    {model.code.map((e) => <CodeRelease key={e.index} e={e} c={c} />)}
    <section><h2>{t.builds_rebuilders}</h2>
      {rebuilds.length === 0 ? <Empty text={t.builds_rebuilders_none} />
        : <Table head={[t.th_time, t.th_entry, t.th_result, t.th_signers, t.th_entry]}>
          {rebuilds.map((e) => <tr key={e.index}><td><Time at={timeOf(e)} c={c} /></td>
            <td><a href={entryUrl(c, Number(value(e, 'release')))}>#{value(e, 'release')}</a></td>
            <td class={value(e, 'result') === 'same' ? 'good' : 'bad'}>{value(e, 'result')}</td>
            <td><Signers entry={e} /></td><td><Prove entry={e} c={c} /></td></tr>)}</Table>}
      <h3>{t.by_hand}</h3><Command c={c} text="overt-publish rebuild DIR --as rebuilder-1" />
    </section>
    {model.attachments.length > 0 && <section><h2>{t.builds_attachments}</h2>
      <Table head={[t.th_type, t.th_digest, t.th_file, t.th_entry]}>
        {model.attachments.map((e) => <tr key={e.index}>
          <td>{e.type} {value(e, 'format')}</td>
          <td><Hash hash={digestOf(value(e, 'subject')) ?? ''} /></td>
          <td><a href={blobUrl(c, digestOf(value(e, 'file'))!)}>{t.raw}</a></td>
          <td><EntryLink index={e.index} c={c} /></td></tr>)}</Table></section>}
  </Page>
}
