// Our reader of adblock lists beside @adguard/agtree: which lines are rules about requests, which names they are about, and
// with which modifiers. Every disagreement is one of the kinds explained below, or this fails.
// `node adblock.mjs`: seeded lines, and a sample of the list that BELISHA_DIFFERENTIAL_LIST names. Needs `npm ci` here once.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { RuleParser } from '@adguard/agtree'

const root = new URL('../..', import.meta.url).pathname

/** Why we may read a line otherwise. The first that fits is counted; `fits` sees the line, their reading and ours. */
const EXPLAINED = [
  {
    kind: 'a line of a hosts file',
    why: 'it begins with an address: adblock lists for DNS mix such lines in, and we read them as hosts files do; agtree’s rule parser takes them for a pattern',
    fits: (line) => /^[0-9a-f.:%a-z0-9]+\s+\S/i.test(line) && /^(\d+\.){3}\d+|^[0-9a-f]*:/i.test(line),
  },
  {
    kind: 'a pattern or a path',
    why: 'it speaks of parts of addresses or of many names, and a filter of whole names would close the wrong ones; refused, with its reason',
    fits: (line, theirs, ours) => ours.became === 'refused' && theirs.rule && wholeName(theirs.pattern) === null,
  },
  {
    kind: 'a modifier that whole names cannot keep',
    why: 'it narrows the rule to kinds of requests, clients or record types, takes another rule back, or leads elsewhere; refused, with its reason',
    fits: (line, theirs, ours) => ours.became === 'refused' && theirs.modifiers.some(([name, value]) => !kept(name, value, theirs.exception)),
  },
  {
    kind: 'a name that no list may close',
    why: 'a public suffix, a name many lessons stand on, a helpline, a name without a dot, or no domain name at all; refused, with its reason',
    fits: (line, theirs, ours) => ours.became === 'refused' && theirs.rule && /dot|unrelated|protected|helpline|address|letters|characters|part between|without/.test(ours.why),
  },
  {
    kind: 'a line we take for one about looks',
    why: 'the sign of a cosmetic rule stands in it, which in a rule about requests can only be in a pattern or a modifier we refuse anyway; left out',
    fits: (line, theirs, ours) => ours.became === 'cosmetic' && /##|#@#|#\?#|#\$#|#%#|\$\$|\$@\$/.test(line),
  },
  {
    kind: 'a line they cannot read',
    why: 'agtree throws; we refuse it, or take the one whole name that it is',
    fits: (line, theirs, ours) => theirs.broken && ours.became !== 'cosmetic',
  },
]

const kept = (name, value, exception) =>
  (name === 'important' && !value) ||
  (name === 'denyallow' && value) ||
  (name === 'dnsrewrite' && !exception && /^(NXDOMAIN|REFUSED|NOERROR;?;?$|NOERROR;AA?A?A?;(0\.0\.0\.0|::|127\.|::1)|0\.0\.0\.0$|::$|127\.)/.test(value ?? ''))

/** The name a pattern is about when it is about one whole name; null where it is a pattern. */
function wholeName(pattern) {
  const found = /^(?:\|\|([^^|/*?=:]+)\^\|?|([^|^/*?=:]+))$/.exec(pattern.replace(/^(\|\|)?\*\./, '$1'))
  return found ? (found[1] ?? found[2]) : null
}

function normal(name) {
  try {
    return new URL(`http://${name.trim().replace(/^\*?\./, '').replace(/\.$/, '')}/`).hostname
  } catch {
    return name
  }
}

/** What agtree makes of a line, in our terms. */
function read(line) {
  try {
    const node = RuleParser.parse(line.trim())
    const modifiers = (node.modifiers?.children ?? []).map((one) => [one.name.value, one.value?.value ?? '', one.exception])
    const rule = node.category === 'Network' && node.type === 'NetworkRule'
    return { rule, comment: ['Comment', 'Empty'].includes(node.category), looks: node.category === 'Cosmetic', exception: node.exception === true, pattern: node.pattern?.value ?? '', modifiers }
  } catch {
    return { rule: false, broken: true, pattern: '', modifiers: [] }
  }
}

/** The names a rule is about, as our reader prints them. */
function meant({ pattern, modifiers, exception }) {
  const name = wholeName(pattern)
  if (name === null) return null
  const important = modifiers.some(([modifier]) => modifier === 'important') ? '!' : ''
  const whole = normal(name)
  const open = modifiers.filter(([modifier]) => modifier === 'denyallow' && !exception).flatMap(([, value]) => value.split('|'))
  const below = open.map(normal).filter((one) => one.endsWith(`.${whole}`))
  return [`${exception ? '@@' : ''}${whole}${important}`, ...below.map((one) => `@@${one}`)].join(' ')
}

function agree(theirs, ours) {
  if (theirs.rule) return ours.became === 'taken' && meant(theirs) === ours.names
  if (theirs.comment) return ours.became === 'comment'
  return theirs.looks && ours.became === 'cosmetic'
}

/** Lines of every kind, the same in each run. */
function seeded(count) {
  let state = 20261122n
  const next = (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n)
    return Number((state >> 33n) % BigInt(below))
  }
  const one = (all) => all[next(all.length)]
  const label = () => one(['ads', 'play', 'Track', 'x1', 'a-b', 'casino', 'cdn', 'www'])
  const name = () => [...Array(1 + next(3)).fill().map(label), one(['example', 'test', 'co.uk', 'com'])].join('.')
  const modifiers = ['important', 'denyallow=', 'dnsrewrite=NXDOMAIN;;', 'dnsrewrite=0.0.0.0', 'dnsrewrite=192.0.2.1', 'dnsrewrite=NOERROR;CNAME;x.example', 'third-party', 'script', 'client=10.0.0.1', 'ctag=device_phone', 'dnstype=AAAA', 'badfilter', '~third-party', 'domain=a.example']
  const lines = []
  while (lines.length < count) {
    const about = name()
    const chosen = Array(next(3)).fill().map(() => one(modifiers)).map((modifier) => (modifier === 'denyallow=' ? `denyallow=ok.${about}|${name()}` : modifier))
    const end = chosen.length ? `$${[...new Set(chosen)].join(',')}` : ''
    lines.push(one([
      `||${about}^${end}`, `||${about}^${end}`, `@@||${about}^${end}`, `||${about}^|`, `||*.${about}^`, `||${about}`, `||${about}/path^`, `|https://${about}/`, about, `*.${about}`, `/${label()}[0-9]+/`, `-${label()}-`,
      `${about}##.${label()}`, `##.${label()}`, `${about}#@#.ad`, `${about}#$#body { color: red }`, `! ${about}`, `# ${about}`, '[Adblock Plus 2.0]', '', `0.0.0.0 ${about}`, `127.0.0.1 ${about} ${name()}`, `||${one(['com', 'co.uk', 'github.com', 'childline.org.uk'])}^`,
    ]))
  }
  return lines
}

function sampled(path, most) {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  const step = Math.max(1, Math.floor(lines.length / most))
  return lines.filter((_, place) => place % step === 0).map((line) => (/[|@#!$/\s]/.test(line) ? line : `||${line}^`))
}

const lines = seeded(20_000)
if (process.env.BELISHA_DIFFERENTIAL_LIST) lines.push(...sampled(process.env.BELISHA_DIFFERENTIAL_LIST, 200_000))
const cargo = ['run', '--quiet', '-p', 'belisha-filter', '--example', 'read_list']
const printed = execFileSync(process.env.CARGO ?? 'cargo', cargo, { cwd: root, input: lines.join('\n') + '\n', maxBuffer: 1 << 30 })
const ours = printed.toString().trimEnd().split('\n').map((line) => {
  const [became, names, why] = line.split('\t')
  return { became, names, why }
})
if (ours.length !== lines.length) throw new Error(`${lines.length} lines were given and ${ours.length} came back`)

const counts = new Map()
const unexplained = []
let agreed = 0
lines.forEach((line, place) => {
  const theirs = read(line)
  if (agree(theirs, ours[place])) return void (agreed += 1)
  const reason = EXPLAINED.find(({ fits }) => fits(line, theirs, ours[place]))
  if (reason) counts.set(reason.kind, (counts.get(reason.kind) ?? 0) + 1)
  else unexplained.push(`${JSON.stringify(line)}: agtree ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours[place])}`)
})
console.log(`${lines.length} lines: ${agreed} read alike by both, ${unexplained.length} differ without an explanation. Explained:`)
for (const { kind, why } of EXPLAINED) console.log(`  ${String(counts.get(kind) ?? 0).padStart(6)}  ${kind}: ${why}`)
if (agreed < lines.length / 4) unexplained.push('hardly anything was read alike: this compares nothing any more')
if (unexplained.length) {
  console.error(unexplained.slice(0, 20).join('\n'))
  process.exit(1)
}
