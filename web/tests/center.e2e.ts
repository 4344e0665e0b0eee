// SPDX-License-Identifier: Apache-2.0
// Visitors with questions, and visitors who are lied to. Lies are told between
// server and browser, byte by byte, as somebody on the way could.

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser, startInstance, type Instance } from './instance'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PAGES = ['', 'updates/', 'rules/', 'rules/R-evil/', 'builds/', 'log/', 'log/entries/0/',
  'file/', 'leaves/', 'regions/', 'requests/', 'continuity/', 'audits/', 'review/', 'intel/',
  'limits/', 'search/?q=demonstration']

let instance: Instance
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  [instance, browser] = await Promise.all([startInstance(), startBrowser()])
})
afterAll(async () => {
  await browser?.close()
  instance?.end()
})
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  page = await context.newPage()
  complaints = []
  page.on('console', (m) => { if (m.type() === 'error') complaints.push(m.text()) })
  page.on('pageerror', (e) => complaints.push(e.message))
  page.on('request', (r) => {
    if (!r.url().startsWith(instance.url) && !r.url().startsWith('blob:'))
      complaints.push('a request beyond the site: ' + r.url())
  })
})
afterEach(() => context.close())

async function open(path: string): Promise<void> {
  await page.goto(instance.url + path)
  await page.waitForSelector('body[data-ready]')
}

const proof = () => page.getAttribute('body', 'data-proof')
const text = (selector: string) => page.innerText(selector)

/** Gives `path` of the tree with other bytes. */
async function lie(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
  await page.route('**/repo/' + path, async (route: Route) => {
    const answer = await route.fetch()
    await route.fulfill({ status: 200, body: change(await answer.body()) })
  })
}

describe('a visitor finds', () => {
  afterEach(() => expect(complaints).toEqual([]))

  it('that everything holds, and five facts', async () => {
    await open('')
    // Two of three witnesses are a quorum: a slow third is not waited for.
    const n = /^\d/.exec(await text('[data-fact=log] p:nth-of-type(2)'))![0]
    expect(await proof()).toBe(n === '3' ? 'good' : 'old')
    expect(await page.locator('.fact').count()).toBe(5)
    for (const name of ['update', 'fresh'])
      expect(await page.getAttribute(`[data-fact=${name}]`, 'data-state')).toBe('good')
    expect(await text('[data-fact=update]')).toContain('stable 2')
  })

  it('which lines the last update changed, and who signed them', async () => {
    await open('updates/')
    const first = page.locator('article.update').first()
    await first.locator('summary').first().click()
    expect(await first.locator('ins').first().innerText()).toContain('Another demonstration')
    expect(await first.locator('del').first().innerText()).toContain('"A demonstration"')
    expect(await first.locator('summary').first().innerText()).toMatch(/p-01.*p-02/)
  })

  it('how fast something bad was recalled', async () => {
    await open('updates/')
    expect(await text('main')).toContain('It was only a demonstration.')
    await open('rules/R-evil/')
    expect(await text('.alarm')).toContain('It was only a demonstration.')
  })

  it('a word in any version of any rule', async () => {
    await open('')
    await page.fill('#q', 'something evil')
    await page.press('#q', 'Enter')
    await page.waitForSelector('.hits li')
    expect(await text('#results')).toContain('R-evil, revision 1')
    expect(await text('#results')).toContain('R-evil, revision 2')
  })

  it('what is known of a file, which is never sent', async () => {
    await open('file/')
    const file = join(instance.folder, 'demo/evil.yar')
    const sent: string[] = []
    page.on('request', (r) => sent.push(r.method() + ' ' + r.url()))
    await page.setInputFiles('[data-hash-file]', file)
    await page.waitForSelector('.hits li')
    expect(await text('#results')).toContain('rule-change')
    expect(sent).toEqual(['GET ' + instance.url + 'data/search.json'])
  })

  it('the proof of an entry', async () => {
    await open('log/entries/0/')
    await page.click('#e3 [data-prove]')
    await page.waitForSelector('#e3 .answer')
    expect(await text('#e3 .answer')).toMatch(/Proven: entry 3 .*p-01, p-02/)
  })

  it('whether a checkpoint from elsewhere is of the same history', async () => {
    await open('log/')
    const mine = readFileSync(join(instance.folder, 'site/repo/log/checkpoint'), 'utf8')
    await page.fill('#checkpoint', mine)
    await page.click('#compare button')
    await page.waitForSelector('#compare .good')
    await page.fill('#checkpoint', mine.replace(/\n\d+\n/, '\n1\n'))
    await page.click('#compare button')
    await page.waitForSelector('#compare .bad')
  })

  it('what the lines of a ledger say, and a line that was changed', async () => {
    const { createHash } = await import('node:crypto')
    const lines: string[] = []
    for (const [seq, more] of [[1, '"kind":"request","to":"https://mirror.example:443"'],
      [2, '"kind":"result","of":1,"up":10,"down":20']] as const) {
      const prev = lines.length === 0 ? '0'.repeat(64)
        : createHash('sha256').update(lines[lines.length - 1]).digest('hex')
      lines.push(`{"seq":${seq},"time":1795462800,${more},"prev":"${prev}"}`)
    }
    const file = join(instance.folder, 'ledger.jsonl')
    await open('leaves/')
    writeFileSync(file, lines.join('\n') + '\n')
    await page.setInputFiles('[data-ledger]', file)
    await page.waitForSelector('#ledger .good')
    expect(await text('#ledger')).toContain('1 requests, 10 bytes up, 20 bytes down')
    writeFileSync(file, lines.join('\n').replace('mirror', 'MIRROR') + '\n')
    await page.setInputFiles('[data-ledger]', [])
    await page.setInputFiles('[data-ledger]', file)
    await page.waitForSelector('#ledger .bad')
  })

  it('no page that asks anybody else, complains, or is hard to use', async () => {
    for (const path of PAGES) {
      await open(path)
      await page.evaluate(axe)
      const found = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run: (o: object) => Promise<{
          violations: { id: string; nodes: { html: string }[] }[] }> } }
        const result = await axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
        return result.violations.map((v) => `${v.id}: ${v.nodes[0].html}`)
      })
      expect(found, path).toEqual([])
    }
  })

  it('a first page of less than 100 KB', async () => {
    let sum = 0
    page.on('response', async (r) => {
      sum += Number(r.headers()['content-length'] ?? 0)
    })
    await open('')
    expect(sum).toBeGreaterThan(1000)
    expect(sum).toBeLessThan(100 * 1024)
  })
})

describe('without JavaScript', () => {
  it('everything can be read', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false })
    const reader = await plain.newPage()
    await reader.goto(instance.url + 'updates/')
    expect(await reader.innerText('main')).toContain('Release 2 of stable')
    expect(await reader.innerText('#proof')).toContain('need JavaScript')
    await plain.close()
  })
})

describe('a page turns red', () => {
  const expectRed = async (words: string | RegExp) => {
    expect(await proof()).toBe('bad')
    expect(await text('#proof')).toMatch(words)
    expect(await text('#proof')).toContain('What to do')
  }

  it('if a tile was tampered with', async () => {
    await lie('log/tile/0/**', (bytes) => {
      bytes[5] ^= 1
      return bytes
    })
    await open('')
    await expectRed(/not below the root/)
    expect(await page.getAttribute('[data-fact=log]', 'data-state')).toBe('bad')
  })

  it('if an entry was', async () => {
    await lie('log/tile/entries/**', (bytes) =>
      Buffer.from(bytes.toString('latin1').replaceAll('R-evil', 'R-EVIL'), 'latin1'))
    await open('')
    await expectRed(/not below the root/)
  })

  it('if the log has forked since the last visit', async () => {
    await open('')
    await page.evaluate(() => {
      for (const key of Object.keys(localStorage)) {
        const memory = JSON.parse(localStorage[key]) as { size: number; root: string }
        memory.size -= 2
        memory.root = 'ab'.repeat(32)
        localStorage[key] = JSON.stringify(memory)
      }
    })
    await open('log/')
    await expectRed('THE LOG HAS FORKED')
    const saved = page.waitForEvent('download')
    await page.click('.what-to-do button')
    expect((await saved).suggestedFilename()).toBe('overt-evidence.json')
  })

  it('if the timestamp has run out', async () => {
    await page.clock.setFixedTime(Date.now() + 30 * 86400000)
    await open('')
    await expectRed(/timestamp ran out/)
    expect(await page.getAttribute('[data-fact=fresh]', 'data-state')).toBe('bad')
  })

  it('if too many witnesses are missing, and is amber if one is', async () => {
    const mine = readFileSync(join(instance.folder, 'site/repo/log/checkpoint'), 'utf8')
    const signed = ['w1', 'w2', 'w3'].filter((w) => mine.includes(`\u2014 ${w}.`))
    const only = (names: string[]) => (bytes: Buffer) =>
      Buffer.from(bytes.toString().split('\n').filter((line) =>
        !/^\u2014 w\d\./.test(line) || names.some((w) => line.startsWith(`\u2014 ${w}.`)))
        .join('\n'))
    await lie('log/checkpoint', only(signed.slice(-2)))
    await open('')
    expect(await proof()).toBe('old')
    expect(await text('#proof')).toMatch(/w\d\.witness\.example/)
    await page.unrouteAll()
    await lie('log/checkpoint', only(signed.slice(-1)))
    await open('')
    await expectRed(/no quorum/)
  })

  it('if metadata was changed', async () => {
    await lie('metadata/timestamp.json', (bytes) =>
      Buffer.from(bytes.toString().replace('"version":1', '"version":2')))
    await open('')
    await expectRed(/not signed/)
  })
})
