// SPDX-License-Identifier: Apache-2.0
// Proofs against a tree that is computed by the definition of RFC 6962.
import { describe, expect, it } from 'vitest'
import { utf8, type Bytes } from '../src/proof/bytes'
import {
  consistencyPath, inclusionPath, leafHash, nodeHash, rangeRoot,
  verifyConsistency, verifyInclusion, type NodeSource,
} from '../src/proof/merkle'
import { TileTree, tilePath, tileWidth } from '../src/proof/tiles'
import { concat } from '../src/proof/bytes'

async function plainRoot(leaves: Bytes[]): Promise<Bytes> {
  if (leaves.length === 1) return leaves[0]
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(await plainRoot(leaves.slice(0, k)), await plainRoot(leaves.slice(k)))
}

async function someLeaves(n: number): Promise<Bytes[]> {
  return Promise.all(Array.from({ length: n }, (_, i) => leafHash(utf8(`entry ${i}`))))
}

function sourceOf(leaves: Bytes[]): NodeSource {
  return (level, index) =>
    plainRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))
}

describe('a tree', () => {
  it('has the root that its definition gives', async () => {
    for (const n of [1, 2, 3, 7, 8, 9, 31]) {
      const leaves = await someLeaves(n)
      expect(await rangeRoot(sourceOf(leaves), 0, n)).toEqual(await plainRoot(leaves))
    }
  })

  it('proves each entry, and none in the place of another', async () => {
    for (const n of [1, 2, 5, 8, 13]) {
      const leaves = await someLeaves(n)
      const root = await plainRoot(leaves)
      for (let i = 0; i < n; i++) {
        const path = await inclusionPath(sourceOf(leaves), i, n)
        expect(await verifyInclusion(i, n, leaves[i], path, root)).toBe(true)
        expect(await verifyInclusion(i, n, leaves[(i + 1) % n], path, root)).toBe(n === 1)
        expect(await verifyInclusion(i, n, leaves[i], [...path, root], root)).toBe(false)
        if (path.length > 0)
          expect(await verifyInclusion(i, n, leaves[i], path.slice(1), root)).toBe(false)
      }
    }
  })

  it('proves that it begins with an older one, and not with another', async () => {
    const leaves = await someLeaves(13)
    const forked = [...leaves]
    forked[3] = await leafHash(utf8('something else'))
    for (let n = 1; n <= 13; n++) {
      const root = await plainRoot(leaves.slice(0, n))
      for (let old = 1; old <= n; old++) {
        const path = await consistencyPath(sourceOf(leaves), old, n)
        const oldRoot = await plainRoot(leaves.slice(0, old))
        expect(await verifyConsistency(old, oldRoot, n, root, path)).toBe(true)
        if (old > 3)
          expect(await verifyConsistency(
            old, await plainRoot(forked.slice(0, old)), n, root, path)).toBe(false)
      }
    }
  })
})

describe('tiles', () => {
  it('are named as c2sp.org/tlog-tiles says', () => {
    expect(tilePath(0, 1234067, 256)).toBe('log/tile/0/x001/x234/067')
    expect(tilePath('entries', 0, 9)).toBe('log/tile/entries/000.p/9')
    expect(tileWidth(600, 0, 2)).toBe(88)
    expect(tileWidth(600, 1, 0)).toBe(2)
    expect(tileWidth(600, 0, 3)).toBe(0)
  })

  it('give the root of a tree that needs two levels of them', async () => {
    const leaves = await someLeaves(600)
    const files = new Map<string, Bytes>()
    for (let t = 0; t < 3; t++) {
      const part = leaves.slice(t * 256, t * 256 + 256)
      files.set(tilePath(0, t, part.length), concat(...part))
    }
    files.set(tilePath(1, 0, 2), concat(
      await plainRoot(leaves.slice(0, 256)), await plainRoot(leaves.slice(256, 512))))
    const tree = new TileTree(async (path) => files.get(path), 600)
    expect(await tree.root()).toEqual(await plainRoot(leaves))
    const path = await inclusionPath(tree.node, 300, 600)
    expect(await verifyInclusion(300, 600, leaves[300], path, await tree.root())).toBe(true)
  })
})
