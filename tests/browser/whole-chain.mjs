// The whole chain, as people live it: sign → browse → blocked → ask → alert → incident → actions → report.
// No step is re-keyed, and every picture lands in ci-output.
import { Visitor } from './visitor.mjs'

export const title = 'a pupil signs, browses, is stopped, asks; the lead turns an alert into an incident; the report counts it'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

export async function tell ({ browser, openBrowser, endpoints }) {
  await thePupilSigns(browser, endpoints)
  await theParentSigns(browser, endpoints)
  await thePupilBrowsesAsksAndWorries(openBrowser, endpoints)
  await theRequestWaits(browser, endpoints)
  const incident = await theLeadMakesAnIncident(browser, endpoints)
  await theActionsAreDone(browser, endpoints, incident)
  await theHeadReadsTheReport(browser, endpoints)
}

async function signEveryLine (visitor) {
  const { page } = visitor
  await page.getByRole('button', { name: /read and sign/i }).or(page.getByRole('link', { name: /sign/i }).filter({ hasText: /agree|sign for|read and sign/i })).first().click()
  await page.waitForURL(/\/portal\/sign\//)
  for (const box of await page.locator('input[name=line]').all()) await box.check()
  await page.locator('main form').last().getByRole('button', { name: /sign/i }).first().click()
  await page.waitForURL((url) => !url.pathname.startsWith('/portal/sign/'))
}

async function thePupilSigns (browser, endpoints) {
  const pupil = await Visitor.arrive(browser, endpoints, phone)
  await pupil.signIn('pupil')
  await pupil.see('You are not online yet')
  await pupil.picture('1 pupil before signing')
  await signEveryLine(pupil)
  await pupil.go('/portal')
  await pupil.see('The network opens when a parent or carer has signed too')
  await pupil.picture('2 pupil has signed')
  await pupil.page.context().close()
}

async function theParentSigns (browser, endpoints) {
  const parent = await Visitor.arrive(browser, endpoints, phone)
  await parent.signIn('parent')
  await parent.picture('3 parent at home')
  await parent.page.locator('main a[href^="/portal/sign/"]').filter({ hasText: 'Amara' }).first().click()
  for (const box of await parent.page.locator('input[name=line]').all()) await box.check()
  await parent.page.locator('main form').last().getByRole('button', { name: /sign/i }).first().click()
  await parent.go('/portal')
  await parent.see('Everything is signed')
  await parent.picture('4 parent has signed')
  await parent.page.context().close()
}

async function thePupilBrowsesAsksAndWorries (openBrowser, endpoints) {
  // A browser that is set up with the school's proxy; the portal itself is reached directly, as the PAC file says.
  const browser = await openBrowser({ proxy: { server: `http://${endpoints.proxy}`, bypass: new URL(endpoints.web).host } })
  try {
    const card = endpoints.cards.find((one) => one.label === 'pupil')
    const context = { httpCredentials: undefined, proxy: { server: `http://${endpoints.proxy}`, username: card.username, password: card.proxy_password, bypass: '127.0.0.1' }, viewport: { width: 1024, height: 768 } }
    const pupil = await Visitor.arrive(browser, endpoints, context)
    await pupil.page.goto('http://encyclopedia.example/')
    await pupil.see('The Small Encyclopedia')
    await pupil.picture('5 open site')
    await pupil.page.goto('http://casino.example/')
    await pupil.see('casino.example')
    await pupil.see('Gambling')
    await pupil.picture('6 closed site')
    const faults = await pupil.accessibilityFaults()
    if (faults.length) throw new Error(`the block page: ${faults.join('; ')}`)
    await pupil.signIn('pupil')
    await pupil.page.goto('http://casino.example/')
    await pupil.page.getByRole('link', { name: /ask for this page/i }).click()
    await pupil.see('casino.example')
    await pupil.page.locator('main textarea, main input[name=reason]').first().fill('A maths lesson on chance and why the house always wins.')
    await pupil.picture('7 asking for the site')
    await pupil.page.locator('main form button[type=submit]').last().click()
    await pupil.page.waitForLoadState()
    await pupil.picture('8 asked')
    await pupil.page.goto('http://search.example/search?q=i+want+to+kill+myself')
    await pupil.see('Nine results')
    await pupil.page.goto('http://helpline.example/')
    await pupil.see('A helpline')
  } finally {
    await browser.close()
  }
}

async function theRequestWaits (browser, endpoints) {
  const lead = await Visitor.arrive(browser, endpoints)
  await lead.signIn('online safety lead')
  await lead.go('/requests')
  await lead.see('casino.example')
  await lead.picture('9 requests')
  await lead.page.context().close()
}

async function theLeadMakesAnIncident (browser, endpoints) {
  const lead = await Visitor.arrive(browser, endpoints)
  await lead.signIn('lead')
  await lead.picture('10 lead at home')
  // The activity is stored in batches, a quarter of a second apart.
  for (let tries = 0; ; tries += 1) {
    await lead.go('/alerts')
    if ((await lead.page.locator('main').innerText()).includes('Amara Whitlock')) break
    if (tries > 40) throw new Error(`the worrying search raised no alert; the inbox says:\n${await lead.page.locator('main').innerText()}`)
    await lead.page.waitForTimeout(250)
  }
  await lead.picture('11 inbox')
  await lead.page.locator('main li, main tr, main article').filter({ hasText: 'Amara Whitlock' }).getByRole('link').first().click()
  await lead.picture('12 alert')
  await lead.page.getByRole('button', { name: 'Make it a case' }).or(lead.page.getByRole('link', { name: 'Make it a case' })).first().click()
  await lead.page.waitForURL(/\/incidents\/record/)
  await lead.picture('13 record')
  await recordIt(lead)
  await lead.page.waitForURL(/\/incidents\/[0-9a-f-]{36}/)
  await lead.picture('16 the case')
  const incident = new URL(lead.page.url()).pathname.match(/\/incidents\/[0-9a-f-]{36}/)[0]
  await lead.page.context().close()
  return incident
}

// Fills whatever step of the form is shown until the case is there.
async function recordIt (lead) {
  const { page } = lead
  for (let step = 0; step < 8 && /\/incidents\/record/.test(page.url()); step += 1) {
    const fill = async (selector, words) => {
      for (const field of await page.locator(`main ${selector}`).all()) if (await field.isVisible() && !(await field.inputValue())) await field.fill(words)
    }
    await fill('input[name=place]', 'Library')
    await fill('textarea[name=description]', 'A search that worried us was made on a school computer in the library.')
    await fill('textarea[name=action-taken]', 'The safeguarding lead went to find the pupil and stayed with her.')
    await fill('input[name=signed-as]', 'Yusuf Adeyemi')
    for (const name of ['may-involve-indecent-images', 'bullying']) {
      const no = page.locator(`main input[type=radio][name="${name}"][value=no]`)
      if (await no.count() && await no.first().isVisible()) await no.first().check()
    }
    const conduct = page.locator('main select[name=conduct]')
    if (await conduct.count() && await conduct.isVisible()) await conduct.selectOption({ index: 1 })
    const risk = page.locator('main input[type=checkbox][value=content]')
    if (await risk.count() && await risk.first().isVisible()) await risk.first().check()
    await lead.picture(`14 recording, step ${step + 1}`)
    await page.getByRole('button', { name: /^(Continue|Record it)$/ }).last().click()
    await page.waitForLoadState()
  }
  if (/\/incidents\/record/.test(page.url())) throw new Error(`the case is not recorded; the page says:\n${(await page.locator('main').innerText()).slice(0, 2000)}`)
}

async function theActionsAreDone (browser, endpoints, incident) {
  const lead = await Visitor.arrive(browser, endpoints)
  await lead.signIn('lead')
  await lead.go(`${incident}/act`)
  for (const done of await lead.page.locator('main input[name=done]').all()) {
    const column = await done.getAttribute('value')
    if (await lead.page.locator(`main input[name=actions][value="${column}"]`).isChecked()) await done.check()
  }
  await lead.picture('16 actions done')
  await lead.page.getByRole('button', { name: 'Save' }).click()
  await lead.page.waitForLoadState()
  await lead.go(`${incident}/close`)
  const outcome = lead.page.locator('main textarea').first()
  await outcome.fill('She was found within minutes, and her parents and doctor are with her.')
  const founded = lead.page.locator('main input[type=radio][value=founded]')
  if (await founded.count()) await founded.check()
  await lead.page.getByRole('button', { name: 'Close the case' }).click()
  await lead.page.waitForLoadState()
  await lead.go(incident)
  await lead.see('Closed')
  await lead.picture('17 closed')
  const form = await lead.page.request.get(new URL(`${incident}/form.pdf`, endpoints.web).href)
  if (form.status() !== 200 || !(await form.body()).subarray(0, 5).equals(Buffer.from('%PDF-'))) throw new Error(`the form does not print: ${form.status()}`)
  await lead.page.context().close()
}

async function theHeadReadsTheReport (browser, endpoints) {
  const head = await Visitor.arrive(browser, endpoints)
  await head.signIn('head')
  await head.go('/reports/now')
  await head.see('Incidents')
  await head.picture('18 the report')
  await head.page.getByRole('button', { name: /issue/i }).click()
  await head.page.waitForURL(/\/reports\/[0-9a-f-]{36}/)
  const paper = await head.page.request.get(`${head.page.url()}/report.pdf`)
  if (paper.status() !== 200) throw new Error(`the report does not print: ${paper.status()}`)
  await head.go('/board')
  await head.picture('19 the board')
  await head.page.context().close()
}
