// A technician looks at what is asked for now: the page brings itself up to date, can be paused, and works without JavaScript.
import { Visitor } from './visitor.mjs'

export const title = 'a technician sees what is asked for now, pauses it, and sees it without JavaScript too'

export async function tell ({ browser, endpoints }) {
  const teacher = await Visitor.arrive(browser, endpoints, { proxy: { server: `http://${endpoints.proxy}`, bypass: '127.0.0.1' } })
  const asks = (host) => teacher.page.goto(`http://${host}/`)
  const technician = await Visitor.arrive(browser, endpoints)
  const { page } = technician
  await technician.signIn('technician')
  // In the demonstration the device is that of whoever signed in last.
  await teacher.signIn('teacher')
  await technician.go('/filter/live')
  await page.getByRole('button', { name: 'Look now' }).click()
  await asks('casino.example')
  // Nobody reloads: the page does it by itself.
  await page.getByRole('rowheader', { name: 'casino.example' }).first().waitFor()
  await technician.see('Gambling')
  await technician.picture('live')
  const faults = [...await technician.accessibilityFaults(), ...await technician.focusFaults()]
  if (faults.length) throw new Error(faults.join('; '))

  await page.getByRole('button', { name: 'Pause' }).click()
  await asks('encyclopedia.example')
  await page.waitForTimeout(3500)
  if (await page.getByRole('rowheader', { name: 'encyclopedia.example' }).count()) throw new Error('it goes on while it is paused')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('rowheader', { name: 'encyclopedia.example' }).first().waitFor()
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
  for (const visitor of [teacher, technician, plain]) await visitor.page.context().close()
}
