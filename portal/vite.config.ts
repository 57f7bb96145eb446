import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { docs } from './build/docs.ts'
import { documents } from './build/documents.ts'
import { sides } from './build/sides.ts'

const hub = process.env.DISTR_HUB ?? 'http://127.0.0.1:8080'

// Paths are relative: the hub says in <base> below which path it is found.
export default defineConfig({
  base: './',
  plugins: [documents(), docs(), react(), sides()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: { input: ['index.html', 'customer.html'] },
  },
  server: {
    // the hub takes a browser's session from its own origin alone
    proxy: { '/graphql': { target: hub, ws: true, changeOrigin: true, headers: { origin: hub } } },
  },
  test: { include: ['src/**/*.test.ts', 'build/**/*.test.ts'], environment: 'node' },
})
