// Every page each person can reach by following links, from their home: axe finds nothing, nothing scrolls sideways at 320 px, and the
// tab key shows where it is at each stop.
import { Visitor } from './visitor.mjs'

const mostPages = 80
// A page looked at by two people is looked at enough; a third would only take the time of the tests.
const mostLooks = 2
// One page of each kind is enough: /incidents/<id> is visited once, not thirty times.
const kindOf = (path) => path.replace(/^\/board\/(?!print).+/, '/board/<clause>').replace(/[0-9a-f]{8}-[0-9a-f-]{27,}/g, '<id>').replace(/\/\d+(?=\/|$)/g, '/<n>')

export const title = 'axe finds nothing on any page, wide or at 320 px, and the focus is always seen'

export async function tell ({ browser, endpoints }) {
  const faults = new Set()
  const seen = new Map()
  const looks = new Map()
  const people = [['', 0], ...['head', 'lead', 'teacher', 'pupil', 'parent', 'governor', 'technician'].map((label) => [label, 0]), ['young pupil', 0], ['head', 1], ['pupil', 1]]
  for (const [label, school] of people) {
    const wide = await Visitor.arrive(browser, endpoints, { viewport: { width: 1280, height: 900 } })
    if (label) await wide.signIn(label, school)
    const visited = new Set()
    const waiting = label ? ['/'] : ['/sign-in', '/helplines', '/accessibility', '/nowhere-at-all']
    while (waiting.length && visited.size < mostPages) {
      const path = waiting.shift()
      const kind = kindOf(new URL(path, endpoints.web).pathname)
      if (visited.has(kind) || (kind !== '/' && (looks.get(kind) ?? 0) >= mostLooks)) continue
      visited.add(kind)
      looks.set(kind, (looks.get(kind) ?? 0) + 1)
      const response = await wide.page.goto(new URL(path, endpoints.web).href).catch(() => null)
      const type = response?.headers()['content-type'] ?? ''
      if (!type.includes('text/html')) continue
      if (response.status() >= 400 && path !== '/nowhere-at-all') faults.add(`${label} ${path}: a link leads to ${response.status()}`)
      // The menu is looked at once for each person, open.
      if (kind === '/') await wide.page.evaluate(() => { const menu = document.querySelector('.belisha-menu details'); if (menu) menu.open = true })
      for (const fault of await wide.accessibilityFaults()) faults.add(`${label} ${kind}: ${fault}`)
      await wide.page.setViewportSize({ width: 320, height: 640 })
      if (await wide.scrollsSideways()) faults.add(`${label} ${kind}: scrolls sideways at 320 px`)
      if (!seen.has(kind)) await wide.picture(`page ${label} ${kind} phone`.replaceAll('/', '_'))
      if (!seen.has(kind) || kind === '/') for (const fault of await wide.focusFaults()) faults.add(`${label} ${kind}, by keyboard: ${fault}`)
      await wide.page.emulateMedia({ colorScheme: 'dark' })
      for (const fault of await wide.accessibilityFaults()) faults.add(`${label} ${kind} dark, 320 px: ${fault}`)
      await wide.page.emulateMedia({ colorScheme: 'light' })
      await wide.page.setViewportSize({ width: 1280, height: 900 })
      if (!seen.has(kind)) await wide.picture(`page ${label} ${kind} wide`.replaceAll('/', '_'))
      seen.set(kind, label)
      const links = await wide.page.$$eval('a[href]', (anchors) => anchors.map((anchor) => anchor.href))
      for (const link of links) {
        const url = new URL(link)
        if (url.origin !== new URL(endpoints.web).origin) continue
        if (/sign-out|leave|\.pdf|\/assets\/|\/schools\//.test(url.pathname)) continue
        waiting.push(url.pathname + url.search)
      }
    }
    await wide.page.context().close()
  }
  console.log(`  ${seen.size} kinds of page: ${[...seen.keys()].join(' ')}`)
  if (faults.size) throw new Error([...faults].join('\n'))
}
