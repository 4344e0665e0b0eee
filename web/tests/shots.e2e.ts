// SPDX-License-Identifier: Apache-2.0
// Pictures of every page, to be looked at: tools/web shots BUILD FOLDER.

import { join } from 'node:path'
import { describe, it } from 'vitest'
import { startBrowser, startInstance } from './instance'

const folder = process.env.OVERT_SHOTS
const WIDTHS = [390, 820, 1440]
const THEMES = ['light', 'dark'] as const
const PAGES = ['', 'updates/', 'rules/', 'rules/R-evil/', 'builds/', 'log/', 'log/entries/0/',
  'file/', 'leaves/', 'regions/', 'requests/', 'continuity/', 'audits/', 'review/', 'intel/',
  'limits/', 'search/?q=demonstration', 'de/']

describe.skipIf(!folder)('pictures', () => {
  it('are taken', async () => {
    const [instance, browser] = await Promise.all([startInstance(), startBrowser()])
    for (const colorScheme of THEMES)
      for (const width of WIDTHS) {
        const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
        const shoot = async (path: string, name: string) => {
          await page.goto(instance.url + path)
          await page.waitForSelector('body[data-ready]')
          await page.screenshot({ fullPage: true,
            path: join(folder!, `${name}-${width}-${colorScheme}.png`) })
        }
        for (const path of PAGES) await shoot(path, path.replace(/\W+/g, '-') || 'home')
        await page.evaluate(() => {
          for (const key of Object.keys(localStorage)) {
            const memory = JSON.parse(localStorage[key]) as { size: number; root: string }
            localStorage[key] = JSON.stringify({ ...memory, size: memory.size - 2,
              root: 'ab'.repeat(32) })
          }
        })
        await shoot('', 'forked')
        await page.close()
      }
    await browser.close()
    instance.end()
  }, 300000)
})
