// A technician looks at what is asked for now: the page brings itself up to date, can be paused, and works without JavaScript.
import { Visitor } from './visitor.mjs'

export const title = 'a technician sees what is asked for now, pauses it, and sees it without JavaScript too'

export async function tell ({ browser, endpoints }) {
  const teacher = await browser.newContext({ proxy: proxyOf(endpoints, 'teacher') })
  const asks = async (host) => { const page = await teacher.newPage(); await page.goto(`http://${host}/`); await page.close() }

  const technician = await Visitor.arrive(browser, endpoints)
  const { page } = technician
  await technician.signIn('technician')
  await technician.go('/filter/live')
  await page.getByRole('button', { name: 'Look now' }).click()
  await asks('casino.example')
  // Nobody reloads: the page does it by itself.
  await page.getByRole('rowheader', { name: 'casino.example' }).waitFor()
  await technician.see('Gambling')
  await technician.picture('live')
  const faults = [...await technician.accessibilityFaults(), ...await technician.focusFaults()]
  if (faults.length) throw new Error(faults.join('; '))

  await page.getByRole('button', { name: 'Pause' }).click()
  await asks('encyclopedia.example')
  await page.waitForTimeout(3500)
  if (await page.getByRole('rowheader', { name: 'encyclopedia.example' }).count()) throw new Error('it goes on while it is paused')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('rowheader', { name: 'encyclopedia.example' }).waitFor()
  await page.getByRole('link', { name: 'Only what did not open' }).click()
  await technician.see('casino.example')
  if (await page.getByRole('rowheader', { name: 'encyclopedia.example' }).count()) throw new Error('what opened is among what did not')
  await page.getByRole('button', { name: 'Stop' }).click()
  await technician.see('Look now')

  const plain = await Visitor.arrive(browser, endpoints, { javaScriptEnabled: false })
  await plain.signIn('technician')
  await plain.go('/filter/live')
  await plain.page.getByRole('button', { name: 'Look now' }).click()
  await asks('casino.example')
  for (let tries = 0; !(await plain.page.getByRole('rowheader', { name: 'casino.example' }).count()); tries += 1) {
    if (tries > 40) throw new Error('the link to bring it up to date does not')
    await plain.page.getByText('Bring up to date').click()
  }
  for (const context of [teacher, page.context(), plain.page.context()]) await context.close()
}

function proxyOf (endpoints, label) {
  const card = endpoints.cards.find((one) => one.label === label)
  return { server: `http://${endpoints.proxy}`, username: card.username, password: card.proxy_password }
}
