// SPDX-License-Identifier: Apache-2.0
// Bytes and the ways in which text writes them down.

export type Bytes = Uint8Array

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

/** Throws if it is not UTF-8. */
export function text(bytes: Bytes): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

export function concat(...parts: Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export function equal(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

export function hex(bytes: Bytes): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

export function unhex(digits: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error('no hexadecimal digits')
  return Uint8Array.from(digits.match(/../g) ?? [], (two) => parseInt(two, 16))
}

export function base64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes))
}

/** One spelling only: padded, no white space, zero bits at the end. */
export function unbase64(letters: string): Bytes {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(letters) || letters.length % 4 !== 0)
    throw new Error('no Base 64')
  const bytes = Uint8Array.from(atob(letters), (c) => c.charCodeAt(0))
  if (bytes.length < 8192 && base64(bytes) !== letters)
    throw new Error('no Base 64')
  return bytes
}

/** Big-endian, 64 bits; what is above 2^53 is no time and no size of ours. */
export function readBig64(bytes: Bytes, at: number): number {
  let value = 0
  for (let i = 0; i < 8; i++) value = value * 256 + bytes[at + i]
  if (!Number.isSafeInteger(value)) throw new Error('number too large')
  return value
}
