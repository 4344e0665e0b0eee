// SPDX-License-Identifier: Apache-2.0
// Merkle trees of transparency logs: RFC 6962 section 2.1, RFC 9162 sections
// 2.1.3 and 2.1.4. Sizes are below 2^53, so that numbers hold them exactly; no
// bit operations, which would cut them to 32 bits.

import { equal, type Bytes } from './bytes'
import { sha256 } from './hashes'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(LEAF, entry)
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(NODE, left, right)
}

const half = (n: number) => Math.floor(n / 2)
const isOdd = (n: number) => n % 2 === 1

/** RFC 9162, 2.1.3.2. */
export async function verifyInclusion(
  index: number, size: number, leaf: Bytes, path: Bytes[], root: Bytes,
): Promise<boolean> {
  if (index >= size) return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const other of path) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      hash = await nodeHash(other, hash)
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else {
      hash = await nodeHash(hash, other)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equal(hash, root)
}

/** RFC 9162, 2.1.4.2. */
export async function verifyConsistency(
  old: number, oldRoot: Bytes, size: number, root: Bytes, path: Bytes[],
): Promise<boolean> {
  if (old === size) return path.length === 0 && equal(oldRoot, root)
  if (old === 0) return path.length === 0
  if (old > size) return false
  const isPower = Number.isInteger(Math.log2(old))
  const hashes = isPower ? [oldRoot, ...path] : [...path]
  if (hashes.length === 0) return false
  let node = old - 1
  let last = size - 1
  while (isOdd(node)) {
    node = half(node)
    last = half(last)
  }
  let first = hashes[0]
  let second = hashes[0]
  for (const other of hashes.slice(1)) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      first = await nodeHash(other, first)
      second = await nodeHash(other, second)
      while (!isOdd(node) && node !== 0) {
        node = half(node)
        last = half(last)
      }
    } else {
      second = await nodeHash(second, other)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && equal(first, oldRoot) && equal(second, root)
}

/** Gives the hash of the full subtree over [index 2^level, (index + 1) 2^level). */
export type NodeSource = (level: number, index: number) => Promise<Bytes>

/** The largest power of two below n, n > 1. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** The root over entries [from, to); from is a multiple of the subtree's size. */
export async function rangeRoot(
  source: NodeSource, from: number, to: number,
): Promise<Bytes> {
  const n = to - from
  const level = Math.round(Math.log2(n))
  if (2 ** level === n) return source(level, from / n)
  const k = split(n)
  return nodeHash(await rangeRoot(source, from, from + k),
    await rangeRoot(source, from + k, to))
}

/** RFC 6962, 2.1.1: from the leaf up. */
export async function inclusionPath(
  source: NodeSource, index: number, size: number,
): Promise<Bytes[]> {
  const path: Bytes[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      path.unshift(await rangeRoot(source, middle, to))
      to = middle
    } else {
      path.unshift(await rangeRoot(source, from, middle))
      from = middle
    }
  }
  return path
}

/** RFC 6962, 2.1.2. */
export async function consistencyPath(
  source: NodeSource, old: number, size: number,
): Promise<Bytes[]> {
  const path: Bytes[] = []
  if (old === 0 || old === size) return path
  let from = 0
  let to = size
  while (old !== to) {
    const middle = from + split(to - from)
    if (old <= middle) {
      path.unshift(await rangeRoot(source, middle, to))
      to = middle
    } else {
      path.unshift(await rangeRoot(source, from, middle))
      from = middle
    }
  }
  if (from !== 0) path.unshift(await rangeRoot(source, from, to))
  return path
}
