import tailwindcss from "@tailwindcss/vite"
import { defineConfig } from "vite"

const server = "http://127.0.0.1:4000"

export default defineConfig({
  base: "/",
  plugins: [tailwindcss()],
  build: {
    outDir: "../chatter/static",
    emptyOutDir: true,
    target: "es2022",
    // The page's content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", shell: "src/shell/worker.ts" },
      // The worker answers for the whole page only from its root, under a name that stays.
      output: { entryFileNames: ({ name }) => (name === "shell" ? "shell.js" : "assets/[name]-[hash].js") },
    },
  },
  server: {
    proxy: {
      "/api": server,
      "/socket": { target: server, ws: true },
    },
  },
})
