// Starts `belisha demo` on free ports with an empty data folder, and stops it again. Gives the endpoints it wrote.
import { spawn } from 'node:child_process'
import { mkdtempSync, existsSync, readFileSync, rmSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
export const output = join(root, 'ci-output')
mkdirSync(output, { recursive: true })

export async function startDemonstration () {
  const data = mkdtempSync(join(tmpdir(), 'belisha-browser-'))
  const binary = process.env.BELISHA ?? join(root, 'target/debug/belisha')
  const started = Date.now()
  const child = spawn(binary, ['demo', '--data', data, '--any-port'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stdout.on('data', (chunk) => { said += chunk })
  child.stderr.on('data', (chunk) => { said += chunk })
  let ended = null
  child.on('exit', (code) => { ended = code })
  const file = join(data, 'endpoints.json')
  while (!existsSync(file)) {
    if (ended !== null) throw new Error(`belisha demo ended with ${ended}:\n${said}`)
    if (Date.now() - started > 120_000) throw new Error(`belisha demo is not ready after two minutes:\n${said}`)
    await new Promise((wake) => setTimeout(wake, 50))
  }
  const endpoints = JSON.parse(readFileSync(file, 'utf8'))
  console.log(`  the demonstration was ready after ${((Date.now() - started) / 1000).toFixed(1)} s`)
  return {
    endpoints,
    said: () => said,
    async stop () {
      child.kill('SIGTERM')
      const deadline = Date.now() + 10_000
      while (ended === null && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 50))
      if (ended === null) child.kill('SIGKILL')
      rmSync(data, { recursive: true, force: true })
    }
  }
}
