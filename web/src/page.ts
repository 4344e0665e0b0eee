// SPDX-License-Identifier: Apache-2.0
// What the modules of a page share: its language, where the site begins, and
// elements made of text only, so that nothing that was fetched becomes markup.

import { languages, type Code } from './strings/languages'
import type { Strings } from './strings/en'
import type { Bytes } from './proof/bytes'

const root = document.documentElement

export function strings(): Strings {
  return languages[root.lang as Code] ?? languages.en
}

/** An address inside of the site, or of this language's part of it. */
export function siteUrl(path: string): string {
  return new URL((root.dataset.top ?? '') + path, location.href).href
}

export function languageUrl(path: string): string {
  return new URL((root.dataset.up ?? '') + path, location.href).href
}

export function page(): DOMStringMap {
  return root.dataset
}

type Child = Node | string

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, properties: Partial<HTMLElementTagNameMap[K]> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

/** A file of the published tree; undefined if there is none. */
export async function getFile(path: string): Promise<Bytes | undefined> {
  const answer = await fetch(siteUrl('repo/' + path), { cache: 'no-cache' })
  if (answer.status === 404) return undefined
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}

export function showTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC'
}
