// SPDX-License-Identifier: Apache-2.0
// A demo instance with a history, its site, and a server for it: all on loopback,
// in one folder, made by the programs of a build (OVERT_BUILD).

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'

const web = dirname(dirname(fileURLToPath(import.meta.url)))
const top = dirname(web)
const build = process.env.OVERT_BUILD ?? join(top, 'build')

function program(name: string): string {
  return join(build, 'src/programs', name.replace('overt-', ''), name)
}

function run(file: string, ...args: string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

export interface Instance {
  folder: string
  url: string
  end: () => void
}

/** A second release that changes one rule, and a recall of another one. */
function addHistory(folder: string): void {
  const dir = join(folder, 'demo/instance')
  const publish = (...args: string[]) => run(program('overt-publish'), ...args)
  const sample = (name: string) => join(folder, 'demo/samples', name)
  const source = join(folder, 'evil2.yar')
  writeFileSync(source, readFileSync(join(folder, 'demo/evil.yar'), 'utf8')
    .replace('description = "A demonstration"', 'description = "Another demonstration"'))
  publish('propose', dir, '--id', 'R-evil', '--as', 'p-01', '--yes', '--source', source,
    '--bad', sample('evil.txt'), '--good', sample('fine.txt'), '--why', 'Clearer words.')
  publish('review', dir, 'R-evil-r2', '--as', 'p-02', '--yes')
  publish('release', dir, '--yes')
  publish('recall', dir, '--id', 'C-2026-001', '--rule', 'R-evil', '--as', 'p-01', '--yes',
    '--why', 'It was only a demonstration.')
  publish('review', dir, 'recall-C-2026-001', '--as', 'p-02', '--yes')
  publish('publish', dir, '--yes')
}

function serve(site: string): Promise<[ChildProcess, string]> {
  const server = spawn(program('overt-center'), ['serve', site, '--listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    server.stdout.on('data', (text: Buffer) => {
      const port = /listening on port (\d+)/.exec(String(text))?.[1]
      if (port) resolve([server, `http://127.0.0.1:${port}/`])
    })
    server.on('exit', () => reject(new Error('overt-center serve has ended')))
  })
}

export async function startInstance(): Promise<Instance> {
  const folder = mkdtempSync(join(tmpdir(), 'overt-web.'))
  const demo = join(folder, 'demo')
  const stopDemo = () => run(join(top, 'tools/demo-instance'), '--stop', demo)
  run(join(top, 'tools/demo-instance'), '--build', build, '--no-client', demo)
  try {
    addHistory(folder)
  } finally {
    stopDemo()
  }
  const site = join(folder, 'site')
  run(program('overt-center'), 'build', join(demo, 'instance/repo'), '-o', site,
    '--web', join(web, 'dist'))
  const [server, url] = await serve(site)
  return { folder, url, end: () => {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  } }
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-dev-shm-usage'],
  })
}
