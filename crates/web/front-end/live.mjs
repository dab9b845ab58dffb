// The page of what is asked for now brings itself up to date, until somebody pauses it or the look is over. It fetches its own
// address and takes over the marked parts: without this the page is the same, and a link brings it up to date.
const everyMilliseconds = 3000

export function live () {
  const page = document.querySelector('[data-live-page]')
  if (!page) return
  const pause = page.querySelector('[data-live-pause]')
  const reload = page.querySelector('[data-live-reload]')
  const said = page.querySelector('[data-live-said]')
  let paused = false
  let fetching = false

  async function bringUpToDate () {
    if (paused || fetching || document.hidden) return
    fetching = true
    try {
      const response = await fetch(location.href)
      const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
      if (response.status >= 500) throw new Error(response.statusText)
      // Signed out, or the look is over: the page itself says so.
      if (!fresh.querySelector('[data-live-page]')) return location.reload()
      if (paused) return
      for (const part of page.querySelectorAll('[data-live]')) {
        part.replaceChildren(...fresh.getElementById(part.id).childNodes)
      }
      said.textContent = ''
    } catch {
      // The next time may find it.
      said.textContent = 'The server does not answer; the page tries again.'
    } finally {
      fetching = false
    }
  }

  pause.hidden = false
  reload.hidden = true
  pause.addEventListener('click', () => {
    paused = !paused
    pause.textContent = paused ? 'Go on' : 'Pause'
    said.textContent = paused ? 'Paused: nothing changes until you go on.' : ''
    bringUpToDate()
  })
  setInterval(bringUpToDate, everyMilliseconds)
}
