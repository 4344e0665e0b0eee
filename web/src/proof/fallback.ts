// SPDX-License-Identifier: Apache-2.0
// What browsers without WebCrypto's Ed25519 use; see hashes.ts.

import * as ed from '@noble/ed25519'
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2'
import { concat, type Bytes } from './bytes'

ed.etc.sha512Sync = (...parts: Bytes[]) => sha512(concat(...parts))

export function sha256(bytes: Bytes): Bytes {
  return nobleSha256(bytes)
}

export function verify(key: Bytes, signature: Bytes, message: Bytes): boolean {
  try {
    return ed.verify(signature, message, key, { zip215: false })
  } catch {
    return false
  }
}
