// What script adds to pages that already work without it: the GOV.UK components in use, three keys for lists, drafts kept
// in the page while a form is being written, and text read aloud. No inline script, no third party, no storage of answers.
import {
  Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, PasswordInput, Radios,
  SkipLink, createAll,
} from 'govuk-frontend'
import { live } from './live.mjs'

document.body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) document.body.classList.add('govuk-frontend-supported')

createAll(Button, { preventDoubleClick: true })
for (const component of [CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, PasswordInput, Radios, SkipLink]) {
  createAll(component)
}

// Escape closes the menu, and the reader is where they opened it.
for (const menu of document.querySelectorAll('.belisha-menu details')) {
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !menu.open) return
    menu.open = false
    menu.querySelector('summary').focus()
  })
}

// A select that submits its own form when changed keeps a button for those without script; with script the button goes.
for (const select of document.querySelectorAll('[data-submit-on-change]')) {
  select.addEventListener('change', () => select.form.requestSubmit())
  select.form.querySelector('button')?.classList.add('govuk-visually-hidden')
}

// Distressing text is blurred until somebody asks for it; the button is the text itself.
for (const veil of document.querySelectorAll('[data-veil]')) {
  veil.classList.add('belisha-veil--down')
  veil.setAttribute('tabindex', '0')
  veil.setAttribute('role', 'button')
  const lift = (event) => {
    if (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    veil.classList.remove('belisha-veil--down')
    veil.removeAttribute('role')
  }
  veil.addEventListener('click', lift, { once: true })
  veil.addEventListener('keydown', lift)
}

// "Read this to me" on pupil pages, where the browser can speak.
if ('speechSynthesis' in window) {
  for (const button of document.querySelectorAll('[data-read-aloud]')) {
    button.hidden = false
    button.addEventListener('click', () => {
      speechSynthesis.cancel()
      const text = document.getElementById(button.dataset.readAloud)?.innerText
      if (text) speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(text), { lang: document.documentElement.lang, rate: 0.9 }))
    })
  }
}

// j and k move through a list marked for it; the row's own links do the rest.
document.addEventListener('keydown', (event) => {
  if (event.target.closest('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey) return
  const step = { j: 1, k: -1 }[event.key]
  const rows = [...document.querySelectorAll('[data-rows] > * a:first-of-type')]
  if (!step || !rows.length) return
  rows[Math.max(0, Math.min(rows.length - 1, rows.indexOf(document.activeElement) + step))].focus()
})

// Browsers leave a link half out of sight in a wide table on a phone; whoever comes to it by keyboard sees all of it.
for (const table of document.querySelectorAll('.belisha-scroll')) {
  table.addEventListener('focusin', ({ target }) => { if (target !== table) target.scrollIntoView({ block: 'nearest', inline: 'nearest' }) })
}

live()

// Printing is one button on pages meant for paper.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
