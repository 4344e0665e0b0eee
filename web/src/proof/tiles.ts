// SPDX-License-Identifier: Apache-2.0
// The files of a log (c2sp.org/tlog-tiles): a tree of a given size, read tile by
// tile. Nothing here is believed before a path to the root was computed.

import type { Bytes } from './bytes'
import { nodeHash, rangeRoot, type NodeSource } from './merkle'

/** Gives a file of the tree; undefined if it is not there. */
export type Get = (path: string) => Promise<Bytes | undefined>

export class Missing extends Error {}

function indexPath(index: number): string {
  let path = String(index % 1000).padStart(3, '0')
  for (let n = Math.floor(index / 1000); n > 0; n = Math.floor(n / 1000))
    path = 'x' + String(n % 1000).padStart(3, '0') + '/' + path
  return path
}

export function tilePath(level: number | 'entries', index: number, width: number): string {
  return `log/tile/${level}/${indexPath(index)}` + (width < 256 ? `.p/${width}` : '')
}

export function tileWidth(size: number, level: number, index: number): number {
  const n = Math.floor(size / 256 ** level) - index * 256
  return Math.max(0, Math.min(256, n))
}

export class TileTree {
  private kept = new Map<string, Promise<Bytes>>()

  constructor(readonly get: Get, readonly size: number) {}

  private async fetch(level: number | 'entries', index: number): Promise<Bytes> {
    const width = tileWidth(this.size, level === 'entries' ? 0 : level, index)
    const path = tilePath(level, index, width)
    let bytes = await this.get(path)
    if (!bytes && width < 256) bytes = await this.get(tilePath(level, index, 256))
    if (!bytes) throw new Missing(path + ' is not there')
    if (level !== 'entries' && bytes.length < width * 32)
      throw new Error(path + ' is cut short')
    return bytes
  }

  private tile(level: number | 'entries', index: number): Promise<Bytes> {
    const key = `${level}/${index}`
    let tile = this.kept.get(key)
    if (!tile) {
      tile = this.fetch(level, index)
      this.kept.set(key, tile)
    }
    return tile
  }

  readonly node: NodeSource = async (level, index) => {
    const tileLevel = Math.floor(level / 8)
    const span = 2 ** (level % 8)
    const first = index * span
    const tile = await this.tile(tileLevel, Math.floor(first / 256))
    const at = (first % 256) * 32
    const hashes = tile.subarray(at, at + span * 32)
    return foldHashes(hashes)
  }

  root(): Promise<Bytes> {
    return rangeRoot(this.node, 0, this.size)
  }

  /** The bytes of entry index, as the bundle has them. */
  async entry(index: number): Promise<Bytes> {
    const bundle = await this.tile('entries', Math.floor(index / 256))
    let at = 0
    for (let i = 0; ; i++) {
      if (at + 2 > bundle.length) throw new Error('the bundle is cut short')
      const length = bundle[at] * 256 + bundle[at + 1]
      if (i === index % 256) return bundle.subarray(at + 2, at + 2 + length)
      at += 2 + length
    }
  }
}

/** The root over 1, 2, 4 .. 128 hashes that stand one behind the other. */
async function foldHashes(hashes: Bytes): Promise<Bytes> {
  let row: Bytes[] = []
  for (let at = 0; at < hashes.length; at += 32) row.push(hashes.subarray(at, at + 32))
  while (row.length > 1) {
    const above: Bytes[] = []
    for (let i = 0; i < row.length; i += 2) above.push(await nodeHash(row[i], row[i + 1]))
    row = above
  }
  return row[0]
}
