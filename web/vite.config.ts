// SPDX-License-Identifier: Apache-2.0
// Two builds: what browsers run (dist/client), and with --ssr the program that
// writes the pages (dist/render.mjs), which needs nothing but node.
import { defineConfig } from 'vite'

export default defineConfig(({ isSsrBuild }) => ({
  publicDir: false,
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  ssr: { noExternal: true },
  build: isSsrBuild
    ? {
        outDir: 'dist', emptyOutDir: false,
        rollupOptions: { output: { entryFileNames: 'render.mjs', inlineDynamicImports: true } },
      }
    : {
        outDir: 'dist/client', assetsDir: 'assets', manifest: 'manifest.json',
        target: 'es2021', modulePreload: { polyfill: false },
        cssCodeSplit: false,
        rollupOptions: { input: { client: 'src/client.ts' } },
      },
}))
