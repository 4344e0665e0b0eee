// SPDX-License-Identifier: Apache-2.0
// SHA-256 and Ed25519: the browser's own where it has them, else noble's, which
// are only fetched then (a page that came by plain HTTP from another machine has
// no WebCrypto).

import { concat, type Bytes } from './bytes'

const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle

export async function sha256(...parts: Bytes[]): Promise<Bytes> {
  const all = parts.length === 1 ? parts[0] : concat(...parts)
  if (subtle) return new Uint8Array(await subtle.digest('SHA-256', all))
  return (await import('./fallback')).sha256(all)
}

async function verifyNative(
  key: Bytes, signature: Bytes, message: Bytes,
): Promise<boolean> {
  const imported = await subtle!.importKey(
    'raw', key, { name: 'Ed25519' }, false, ['verify'])
  return subtle!.verify({ name: 'Ed25519' }, imported, signature, message)
}

let hasNative = subtle !== undefined

export async function verifyEd25519(
  key: Bytes, signature: Bytes, message: Bytes,
): Promise<boolean> {
  if (key.length !== 32 || signature.length !== 64) return false
  if (hasNative) {
    try {
      return await verifyNative(key, signature, message)
    } catch (error) {
      // A browser without it says so; a key that it refuses verifies nothing.
      if ((error as Error).name !== 'NotSupportedError') return false
      hasNative = false
    }
  }
  return (await import('./fallback')).verify(key, signature, message)
}
