// SPDX-License-Identifier: Apache-2.0
// In a real browser, on a site that tools/web made of a demo instance.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/*.e2e.ts'], testTimeout: 120000, hookTimeout: 180000,
    fileParallelism: false,
  },
})
