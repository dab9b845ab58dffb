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

  // WCAG 1.4.10: at 320 px nothing makes the page itself scroll sideways.
  async scrollsSideways () {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
  }
}
