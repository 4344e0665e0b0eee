// SPDX-License-Identifier: Apache-2.0
// Runs the proofs (proof/examine.ts) and shows what came of them: the strip at
// the top of every page, the facts of the home page, the buttons beside entries,
// and the comparison with a checkpoint from elsewhere.

import { hex, utf8 } from './proof/bytes'
import { examine, proveEntry, type Memory, type Result, type State, type Step } from './proof/examine'
import { consistencyPath, verifyConsistency } from './proof/merkle'
import { checkCheckpoint } from './proof/quorum'
import { getFile, make, page, showTime, siteUrl, strings } from './page'
import { fill, type Strings } from './strings/en'

const MEMORY = 'overt-center-seen'

/** Private windows and strict settings have none; then each visit is the first. */
function remembered(): Memory | undefined {
  try {
    const text = localStorage.getItem(MEMORY + ' ' + siteUrl(''))
    return text ? JSON.parse(text) as Memory : undefined
  } catch {
    return undefined
  }
}

function remember(memory: Memory): void {
  try {
    localStorage.setItem(MEMORY + ' ' + siteUrl(''), JSON.stringify(memory))
  } catch {
    // see above
  }
}

function finding(step: Step): string {
  const values = { ...step.values }
  for (const name of ['expires', 'vouched'])
    if (typeof values[name] === 'number')
      values[name] = values[name] === 0 ? strings().time_never : showTime(values[name])
  const sentence = strings()[`find_${step.name}_${step.finding}` as keyof Strings]
  return fill(sentence ?? step.finding, values)
}

function saveEvidence(result: Result, before: Memory | undefined): void {
  void getFile('log/checkpoint').then((bytes) => {
    const evidence = JSON.stringify({
      format: 'overt-center-evidence/1', address: siteUrl(''), time: new Date().toISOString(),
      before, checkpoint: bytes ? new TextDecoder().decode(bytes) : null, steps: result.steps,
    }, null, 1)
    const link = make('a', {
      href: URL.createObjectURL(new Blob([evidence], { type: 'application/json' })),
      download: 'overt-evidence.json' })
    link.click()
  })
}

function whatToDo(result: Result, before: Memory | undefined): HTMLElement {
  const t = strings()
  const button = make('button', { type: 'button', textContent: t.proof_evidence })
  button.addEventListener('click', () => saveEvidence(result, before))
  return make('div', { className: 'what-to-do' }, make('h2', {}, t.proof_do_title),
    make('ol', {}, ...[t.proof_do_1, t.proof_do_2, t.proof_do_3, t.proof_do_4]
      .map((text) => make('li', {}, text))), button)
}

function stepItem(step: Step): HTMLElement {
  const t = strings()
  const item = make('li', { className: step.state },
    make('b', {}, t[`step_${step.name}` as keyof Strings]), ' ',
    make('span', { className: 'dot ' + step.state },
      t[`state_${step.state}` as keyof Strings]), make('br'), finding(step), make('br'),
    make('code', {}, step.command))
  return item
}

function showStrip(result: Result, before: Memory | undefined, ms: number): void {
  const t = strings()
  const strip = document.getElementById('proof')!
  const loud = result.steps.filter((s) => s.state !== 'good')
  const details = make('details', { open: result.state === 'bad' },
    make('summary', {}, t.proof_details),
    make('ol', { className: 'steps' }, ...result.steps.map(stepItem)))
  const good = result.steps.filter((s) => s.state === 'good').length
  strip.dataset.state = result.state
  document.body.dataset.proof = result.state
  strip.replaceChildren(
    make('p', { className: 'verdict' },
      make('strong', {}, t[`proof_${result.state}` as keyof Strings]), ' ',
      make('small', {}, `${good}/${result.steps.length} \u00b7 ` + fill(t.proof_took, { ms }))),
    ...loud.map((s) => make('p', { className: 'finding ' + s.state }, finding(s))),
    ...(result.state === 'bad' ? [whatToDo(result, before)] : []), details)
}

function showFact(name: string, state: State | 'none' | 'empty'): void {
  const fact = document.querySelector<HTMLElement>(`[data-fact="${name}"]`)
  if (!fact) return
  fact.dataset.state = state
  fact.querySelector('[data-words]')!.textContent =
    strings()[`state_${state}` as keyof Strings]
}

function worst(result: Result, ...names: Step['name'][]): State | 'none' {
  const states = result.steps.filter((s) => names.includes(s.name)).map((s) => s.state)
  return states.length === 0 ? 'none' : states.includes('bad') ? 'bad'
    : states.includes('old') ? 'old' : 'good'
}

/** Each fact is green only for what was computed here. */
async function showFacts(result: Result): Promise<void> {
  showFact('log', worst(result, 'quorum', 'tree', 'history'))
  showFact('fresh', worst(result, 'metadata', 'freshness'))
  for (const fact of document.querySelectorAll<HTMLElement>('[data-entries]')) {
    const entries = JSON.parse(fact.dataset.entries!) as [number, string][]
    const answers = await Promise.all(entries.map(([i, digest]) => proven(i, digest, result)))
    const wrong = answers.find((a) => !a.holds)
    showFact(fact.dataset.fact!, wrong ? 'bad' : entries.length === 0 ? 'empty' : 'good')
    if (!wrong) continue
    document.body.dataset.proof = 'bad'
    fact.append(make('p', { className: 'bad' }, wrong.words))
  }
}

/** Whether the entry is in the log, and the one that this page shows. */
async function proven(
  index: number, digest: string, result: Result,
): Promise<{ holds: boolean; words: string }> {
  const t = strings()
  try {
    if (!result.trusted) throw new Error(t.proof_bad)
    const { tree, seen, people } = result.trusted
    const entry = await proveEntry(tree, seen, people, index)
    const holds = entry.digest === digest
    return { holds, words: holds ? fill(t.proven, { index, size: tree.size,
      n: entry.path.length, signers: entry.signers.map((s) => s.name).join(', ') })
      : fill(t.proven_digest, { index }) }
  } catch (error) {
    return { holds: false, words: fill(t.not_proven, { why: (error as Error).message }) }
  }
}

async function prove(button: HTMLElement, result: Result): Promise<void> {
  const { holds, words } = await proven(
    Number(button.dataset.prove), button.dataset.digest!, result)
  button.classList.add(holds ? 'good' : 'bad')
  button.textContent = holds ? '\u2713' : '\u2717'
  button.title = words
  button.setAttribute('aria-label', words)
  if (!holds) document.body.dataset.proof = 'bad'
}

function startButtons(result: Result): void {
  for (const button of document.querySelectorAll<HTMLElement>('[data-prove]')) {
    button.hidden = false
    button.addEventListener('click', () => {
      void prove(button, result).then(() => {
        const old = button.parentElement!.querySelector('.answer')
        if (old) old.remove()
        else button.after(make('span', { className: 'answer' }, ' ' + button.title))
      })
    })
  }
}

async function compare(result: Result, text: string): Promise<[State, string]> {
  const t = strings()
  const { policy, seen, tree } = result.trusted!
  try {
    const theirs = (await checkCheckpoint(policy, utf8(text.trim() + '\n'))).checkpoint
    const { size, root } = seen.checkpoint
    const numbers = { a: theirs.size, b: size }
    if (theirs.size > size) return ['old', fill(t.log_compare_newer, numbers)]
    const path = await consistencyPath(tree.node, theirs.size, size)
    return await verifyConsistency(theirs.size, theirs.root, size, root, path)
      ? ['good', fill(t.log_compare_same, numbers)] : ['bad', t.log_compare_fork]
  } catch (error) {
    return ['bad', fill(t.log_compare_bad, { why: (error as Error).message })]
  }
}

function startCompare(result: Result): void {
  const form = document.getElementById('compare') as HTMLFormElement | null
  if (!form || !result.trusted) return
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const answer = form.querySelector<HTMLElement>('[role=status]')!
    void compare(result, form.querySelector('textarea')!.value).then(([state, words]) => {
      answer.className = state
      answer.textContent = words
    })
  })
}

export async function startProofs(): Promise<void> {
  const waiting = document.querySelector<HTMLElement>('#proof .waiting')
  if (!waiting) return
  waiting.hidden = false
  const begin = performance.now()
  const before = remembered()
  const result = await examine({
    get: getFile, now: Date.now() / 1000, maxAge: Number(page().maxAge),
    roots: Number(page().roots),
    address: siteUrl('repo'), before })
  if (result.memory) remember(result.memory)
  showStrip(result, before, Math.round(performance.now() - begin))
  startButtons(result)
  startCompare(result)
  await showFacts(result)
  document.body.dataset.ready = result.trusted ? hex(result.trusted.seen.checkpoint.root) : 'no'
}
