// Runs the browser stories one after the other against one demonstration. `node run.mjs [story …]`.
import { startDemonstration } from './demonstration.mjs'
import { openBrowser } from './visitor.mjs'

const all = ['whole-chain', 'live', 'accessibility']
const chosen = process.argv.slice(2)
const demonstration = await startDemonstration()
let failed = 0
try {
  const browser = await openBrowser()
  for (const name of chosen.length ? chosen : all) {
    const story = await import(`./${name}.mjs`)
    console.log(story.title)
    try {
      await story.tell({ browser, openBrowser, endpoints: demonstration.endpoints })
      console.log('  holds')
    } catch (fault) {
      failed += 1
      console.log(`  FAILS: ${fault.message}`)
    }
  }
  await browser.close()
} finally {
  await demonstration.stop()
}
process.exit(failed ? 1 : 0)
