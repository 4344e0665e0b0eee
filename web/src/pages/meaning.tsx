// SPDX-License-Identifier: Apache-2.0
// A file, what leaves a machine, regions, requests, continuity: what it means
// for those whose machines these are.

import { documents, periodOf, timeOf, value, values, type PeriodRow } from '../data/model'
import { fill, type Strings } from '../strings/en'
import { MAP_HEIGHT, MAP_WIDTH, worldShapes } from './map'
import {
  Command, Empty, EntryLink, Page, Prove, Signers, Table, Time, type Context,
} from './ui'

export function FilePage({ c }: { c: Context }) {
  const { t } = c
  return <Page c={c} page="file" title={t.file}>
    <p class="lead">{t.file_lead}</p>
    <form class="search" action={c.up + 'search/'} method="get" role="search">
      <label for="q">SHA-256</label>
      <div><input id="q" name="q" type="search" autocomplete="off" spellcheck={false} />
        <button>{t.search_button}</button></div>
      <label class="pick drop" hidden>{t.file_choose} <input type="file" data-hash-file /></label>
    </form>
    <noscript><Empty text={t.search_needs_js} /></noscript>
    <div id="results" aria-live="polite"></div>
    <h2>{t.by_hand}</h2>
    <Command c={c} text={'sha256sum FILE\novert scan --explain FILE'} />
    <p>{t.file_cloud}</p>
    <Command c={c} text="overt cloud lookup --from MIRROR FILE" />
  </Page>
}

const MODES = ['off', 'mirror', 'prefix', 'relay', 'contribute'] as const
const FIELDS = ['address', 'path', 'range', 'words', 'sample', 'never'] as const
/** Which fields are sent in each mode, in the order of FIELDS: in mode off by
 * `overt update`, when its owner has it run. */
const SENT: Record<typeof MODES[number], boolean[]> = {
  off: [true, true, false, true, false, false],
  mirror: [true, true, true, true, false, false],
  prefix: [true, true, true, true, false, false],
  relay: [true, true, true, true, false, false],
  contribute: [true, true, true, true, true, false],
}

export function Leaves({ c }: { c: Context }) {
  const { t } = c
  return <Page c={c} page="leaves" title={t.leaves}>
    <p class="lead">{t.leaves_lead}</p>
    <h2>{t.leaves_switch}</h2>
    <Command c={c} text={'overt cloud mode off\novert outbound list\novert outbound verify'} />
    <Table head={[t.mode, t.mode_sends]}>{MODES.map((m) => <tr key={m}>
      <th scope="row"><code>{m}</code></th><td>{t[`mode_${m}` as keyof Strings]}</td></tr>)}</Table>
    <h2>{t.leaves_modes}</h2>
    <Table head={[t.field, t.what_is_in_it, ...MODES]}>{FIELDS.map((f, i) => <tr key={f}>
      <th scope="row">{t[`leaf_${f}` as keyof Strings]}</th>
      <td>{t[`leaf_${f}_text` as keyof Strings]}</td>
      {MODES.map((m) => <td key={m} class="mark">{SENT[m][i] ? '\u25cf' : '\u2013'}</td>)}</tr>)}
    </Table>
    <section id="decoder"><h2>{t.leaves_decoder}</h2><p>{t.leaves_decoder_text}</p>
      <noscript><Empty text={t.search_needs_js} /></noscript>
      <label class="pick drop" hidden>{t.leaves_choose} <input type="file" data-ledger /></label>
      <div id="ledger" aria-live="polite"></div></section>
    <h2>{t.by_hand}</h2><Command c={c} text="overt outbound explain 12" />
  </Page>
}

interface RegionFacts {
  name: string; countries: string[]; operator?: string; keys?: string; retention?: string
  transfers?: string
}

function RegionMap({ regions, c }: { regions: RegionFacts[]; c: Context }) {
  const regionOf = new Map<string, number>()
  regions.forEach((r, i) => (r.countries ?? []).forEach((code) => regionOf.set(code, i)))
  return <figure class="map"><svg viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`} role="img"
    aria-label={c.t.regions_map}>{worldShapes().map((s) => {
      const region = regionOf.get(s.code)
      return <path key={s.name} d={s.path}
        class={region === undefined ? 'land' : `land r${region % 6}`}>
        <title>{s.name + (region === undefined ? '' : ': ' + regions[region].name)}</title></path>
    })}</svg></figure>
}

export function Regions({ c }: { c: Context }) {
  const { t } = c
  const newest = documents(c.model, 'overt-regions/1')[0]
  const regions = (newest?.file.regions ?? []) as RegionFacts[]
  return <Page c={c} page="regions" title={t.regions}>
    <p class="lead">{t.regions_lead}</p>
    {!newest && <Empty text={t.regions_empty} />}
    <RegionMap regions={regions} c={c} />
    {newest && <><Table caption={t.regions} head={[t.regions, t.regions_countries,
      t.regions_operator, t.regions_keys, t.regions_retention, t.regions_transfers]}>
      {regions.map((r, i) => <tr key={r.name}>
        <th scope="row"><span class={`swatch r${i % 6}`}></span> {r.name}</th>
        <td>{(r.countries ?? []).join(' ')}</td><td>{r.operator}</td><td>{r.keys}</td>
        <td>{r.retention}</td><td>{r.transfers ?? t.none}</td></tr>)}</Table>
    <p class="foot"><Prove entry={newest.entry} c={c} />{' '}<Signers entry={newest.entry} /></p></>}
    <h2>{t.by_hand}</h2><Command c={c} text="overt submit --preview FILE" />
  </Page>
}

const PARTS = ['processed', 'rejected', 'withdrawn', 'pending'] as const

/** Bars of requests by half-year, drawn when the page is made. */
function Chart({ rows, c }: { rows: PeriodRow[]; c: Context }) {
  const periods = [...new Set(rows.map((r) => r.period))].sort()
  const sums = periods.map((p) => rows.filter((r) => r.period === p).reduce(
    (s, r) => ({ processed: s.processed + r.processed, rejected: s.rejected + r.rejected,
      withdrawn: s.withdrawn + r.withdrawn, pending: s.pending + r.pending }),
  { processed: 0, rejected: 0, withdrawn: 0, pending: 0 }))
  const most = Math.max(1, ...sums.map((s) => s.processed + s.rejected + s.withdrawn + s.pending))
  const step = Math.min(110, 900 / Math.max(1, periods.length))
  const unit = 150 / most
  return <figure class="chart"><svg viewBox={`0 0 ${Math.max(340, step * periods.length)} 200`}
    role="img" aria-label={c.t.requests_chart}>{periods.map((p, i) => {
      let y = 170
      return <g key={p}>{PARTS.map((part) => {
        const h = sums[i][part] * unit
        y -= h
        return <rect key={part} class={part} x={i * step + 8} width={step - 16} y={y} height={h}>
          <title>{`${p} ${c.t[`th_${part}` as keyof Strings]}: ${sums[i][part]}`}</title></rect>
      })}
      <text x={i * step + step / 2} y={y - 4}>{
        sums[i].processed + sums[i].rejected + sums[i].withdrawn + sums[i].pending}</text>
      <text x={i * step + step / 2} y={188}>{p}</text></g>
    })}</svg>
    <figcaption>{PARTS.map((part) =>
      <span key={part}><span class={`swatch ${part}`}></span> {
        c.t[`th_${part}` as keyof Strings]}{' '}</span>)}</figcaption></figure>
}

const ofKind = (rows: PeriodRow[], ...kinds: string[]) => rows
  .filter((r) => kinds.includes(r.kind)).reduce((n, r) => n + r.requests, 0)

function RequestTable({ c }: { c: Context }) {
  const { t } = c
  return <><p class="filter" hidden><label>{t.requests_filter}{' '}
    <input type="search" data-filter="requests" /></label></p>
  <div id="requests"><Table caption={t.requests_table} numbers={[3, 4, 5, 6, 7]}
    head={[t.th_period, t.th_country, t.th_kind, t.th_requests, t.th_processed, t.th_rejected,
      t.th_withdrawn, t.th_pending, t.th_entry]}>{c.model.table.map((r) =>
      <tr key={r.period + r.country + r.kind}>
        <td>{r.period}</td><td>{r.country}</td><td>{r.kind}</td><td class="n">{r.requests}</td>
        <td class="n">{r.processed}</td><td class="n">{r.rejected}</td>
        <td class="n">{r.withdrawn}</td><td class="n">{r.pending}</td>
        <td>{r.entries.map((i) => <span key={i}><EntryLink index={i} c={c} />{' '}</span>)}</td>
      </tr>)}</Table></div>
  <p><a href={c.top + 'data/requests.csv'}>{t.requests_csv}</a>{' '}
    <a href={c.top + 'data/requests.json'}>{t.requests_json}</a></p></>
}

function Commitments({ c }: { c: Context }) {
  const { t } = c
  const { n, open, oldest } = c.model.commitments
  return <section><h2>{t.requests_gag}</h2><p>{n === 0 ? t.requests_gag_none
    : fill(t.requests_gag_text, { n, open, date: oldest ?? t.none })}</p></section>
}

export function Requests({ c }: { c: Context }) {
  const { t, model } = c
  const periods = [...new Set(model.table.map((r) => r.period))]
  const now = periodOf(new Date(model.site.built * 1000).toISOString())
  return <Page c={c} page="requests" title={t.requests}>
    <p class="lead">{t.requests_lead}</p>
    <p class="notice">{fill(t.requests_zero, {
      keys: ofKind(model.table, 'source_or_keys', 'source-or-keys'),
      product: ofKind(model.table, 'change_of_product', 'change-of-product') })}</p>
    {model.requests.length === 0 ? <Empty text={t.requests_empty} /> : <>
      <h2>{t.requests_chart}</h2><Chart rows={model.table} c={c} />
      <h2>{t.requests_table}</h2><RequestTable c={c} />
      <h2>{t.requests_cases}</h2>
      <Table head={[t.th_name, t.th_date, t.th_country, t.th_kind, t.th_result, t.requests_events]}>
        {model.requests.map((r) => <tr key={r.id} id={r.id}><th scope="row">{r.id}</th>
          <td>{value(r.facts, 'received')}</td><td>{value(r.facts, 'country')}</td>
          <td>{value(r.facts, 'kind')}</td>
          <td>{(r.decision && value(r.decision, 'decision')) ?? t.th_pending}</td>
          <td>{r.events.map((e) => <span key={e.index}>{e.type.replace('request-', '')}{' '}
            <Prove entry={e} c={c} />{' '}</span>)}</td></tr>)}</Table></>}
    <Commitments c={c} />
    <section><h2>{t.requests_method}</h2><p>{t.requests_method_text}</p>
      <Command c={c} text={`overt-monitor report ${periods[0] ?? now} MIRROR/log policy`} /></section>
    {model.history.length > 0 && <section><h2>{t.requests_history}</h2>
      <p>{t.requests_history_text}</p>
      <Table head={[t.th_name, t.th_period, t.th_country, t.th_requests, t.th_says, t.th_entry]}>
        {model.history.map((e) => <tr key={e.index}><td>{value(e, 'of')}</td>
          <td>{value(e, 'period')}</td><td>{value(e, 'country')}</td>
          <td class="n">{value(e, 'requests')}</td><td>{value(e, 'source')}</td>
          <td><EntryLink index={e.index} c={c} /></td></tr>)}</Table></section>}
  </Page>
}

export function Continuity({ c }: { c: Context }) {
  const { t, model } = c
  const ends = model.notices.filter((n) => value(n.entry, 'kind') === 'end-of-service')
  const others = model.notices.filter((n) => value(n.entry, 'kind') !== 'end-of-service')
  return <Page c={c} page="continuity" title={t.continuity}>
    <p class="lead">{t.continuity_lead}</p>
    <section><h2>{t.continuity_stops}</h2>
      {ends.length === 0 ? <Empty text={t.continuity_empty} />
        : <Table head={[t.regions, t.th_says, t.th_date, t.th_signers, t.th_entry]}>
          {ends.flatMap(({ entry }) => values(entry, 'date').map((d) => {
            const [what, date] = d.split(' ')
            return <tr key={entry.index + d}><th scope="row">{value(entry, 'region') ?? '*'}</th>
              <td>{what.replace(/_/g, ' ')}</td><td><time datetime={date}
                data-age={Date.parse(date) / 1000}>{date}</time></td>
              <td><Signers entry={entry} /></td><td><Prove entry={entry} c={c} /></td></tr>
          }))}</Table>}</section>
    <section><h2>{t.continuity_goes_on}</h2><p>{t.continuity_goes_on_text}</p></section>
    <section><h2>{t.continuity_leave}</h2><p>{t.continuity_leave_text}</p>
      <Command c={c} text={'overt export clamav DIR\novert export yara DIR'} /></section>
    <section><h2>{t.continuity_mirror}</h2><p>{t.continuity_mirror_text}</p>
      <Command c={c} text={'wget --mirror --no-parent MIRROR\novert update --from FOLDER\novert update --from release.tar'} /></section>
    <section><h2>{t.continuity_drills}</h2>
      {model.drills.length === 0 ? <Empty text={t.continuity_drills_none} />
        : <Table head={[t.th_date, t.th_kind, t.th_result, t.th_says, t.th_entry]}>
          {model.drills.map((e) => <tr key={e.index}><td>{value(e, 'date')}</td>
            <td>{value(e, 'kind')}</td><td>{value(e, 'result')}</td><td>{value(e, 'what')}</td>
            <td><Prove entry={e} c={c} /></td></tr>)}</Table>}</section>
    {others.length > 0 && <section><h2>{t.continuity_notices}</h2>
      <Table head={[t.th_time, t.th_kind, t.th_name, t.th_signers, t.th_entry]}>
        {others.map(({ entry }) => <tr key={entry.index}><td><Time at={timeOf(entry)} c={c} /></td>
          <td>{value(entry, 'kind')}</td><td>{value(entry, 'id')}</td>
          <td><Signers entry={entry} /></td><td><Prove entry={entry} c={c} /></td></tr>)}</Table>
    </section>}
  </Page>
}
