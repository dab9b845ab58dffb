// A person at a browser: signs in with a card, looks at pages, keeps pictures, and asks axe what is wrong with them.
import { chromium } from 'playwright-core'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { output } from './demonstration.mjs'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function openBrowser (options = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
    ...options
  })
}

export class Visitor {
  constructor (page, endpoints) { this.page = page; this.endpoints = endpoints }

  static async arrive (browser, endpoints, options = {}) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    return new Visitor(page, endpoints)
  }

  card (label, school = 0) {
    const cards = this.endpoints.cards.filter((card) => card.label === label)
    if (!cards[school]) throw new Error(`no card "${label}" in endpoints.json`)
    return cards[school]
  }

  async signIn (label, school = 0) {
    const card = this.card(label, school)
    await this.page.goto(`${this.endpoints.web}/sign-in`)
    await this.page.fill('input[name=username]', card.username)
    await this.page.fill('input[name=password]', card.password)
    await this.page.click('main button[type=submit]')
    await this.page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
    return card
  }

  async go (path) { return this.page.goto(new URL(path, this.endpoints.web).href) }

  async see (words) {
    const text = await this.page.locator('body').innerText()
    if (!text.includes(words)) throw new Error(`expected to see "${words}" at ${this.page.url()}; the page says:\n${text.slice(0, 1500)}`)
  }

  async picture (name) { await this.page.screenshot({ path: join(output, `${name}.png`), fullPage: true }) }

  // What axe finds wrong, as sentences. WCAG 2.2 AA and best practice.
  async accessibilityFaults () {
    await this.page.evaluate(axeSource)
    const result = await this.page.evaluate(() => window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    }))
    return result.violations.map((violation) => `${violation.id}: ${violation.help} (${violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ')})`)
  }

  // WCAG 2.4.7 and 2.4.11: with the tab key from the top to the end, each stop is seen, and nothing lies over it. As sentences.
  async focusFaults (mostStops = 120) {
    await this.page.evaluate(() => {
      window.scrollTo(0, 0)
      document.activeElement?.blur()
      // Where a component may draw its focus: on itself, or on the label that stands for it.
      const drawn = (stop) => [stop, stop.nextElementSibling].filter(Boolean).flatMap((element) => [null, '::before', '::after'].map((part) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(element, part)
        const outline = outlineStyle === 'none' || parseFloat(outlineWidth) === 0 || /, 0\)$/.test(outlineColor) ? '' : `${outlineWidth} ${outlineColor}`
        return [outline, boxShadow === 'none' ? '' : boxShadow]
      }))
      const before = new Map([...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].map((stop) => [stop, drawn(stop)]))
      const met = new Set()
      window.belishaStop = () => {
        const stop = document.activeElement
        if (!stop || stop === document.body || met.has(stop)) return { end: true }
        met.add(stop)
        const name = `${stop.localName} "${(stop.innerText || stop.name || stop.getAttribute('aria-label') || '').trim().slice(0, 40)}"`
        const now = drawn(stop)
        const seen = now.some((part, place) => part.some((way, which) => way && way !== before.get(stop)?.[place][which]))
        if (!seen) return { fault: `${name} has no visible focus` }
        const box = stop.getClientRects()[0] ?? new DOMRect()
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)]
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)]
        if (left >= right || top >= bottom) return { fault: `${name} is focused outside of what is seen` }
        const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
        if (!over || !(stop.contains(over) || over.contains(stop))) return { fault: `${name} is focused behind ${over?.localName}.${over?.className}` }
        return {}
      }
    })
    const faults = []
    for (let stops = 0; stops < mostStops; stops += 1) {
      await this.page.keyboard.press('Tab')
      const { end, fault } = await this.page.evaluate(() => window.belishaStop())
      if (end && stops === 0) faults.push('the tab key reaches nothing')
      if (end) break
      if (fault) faults.push(fault)
    }
    return faults
  }

  // WCAG 1.4.10: at 320 px nothing makes the page itself scroll sideways.
  async scrollsSideways () {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
  }
}
