// Compiles styles and script, gives every file a name made from its content, and packs each beside its Brotli form.
// Run by build.rs as `node build.mjs OUTPUT`, in a folder where `npm ci` has put the packages.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import * as esbuild from 'esbuild'
import * as sass from 'sass'

const output = process.argv[2]
rmSync(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true })
const index = []

function keep(name, bytes, media) {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 12)
  const hashed = name.replace(/\.([a-z0-9]+)$/, `.${digest}.$1`)
  writeFileSync(join(output, hashed), bytes)
  const small = media.startsWith('font/') ? bytes : brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
  const packed = small.length < bytes.length
  if (packed) writeFileSync(join(output, `${hashed}.br`), small)
  index.push([name, hashed, media, packed].join('\t'))
  return `/assets/${hashed}`
}

const fonts = 'node_modules/@fontsource/atkinson-hyperlegible/files'
let styles = sass.compile('app.scss', { loadPaths: ['node_modules'], style: 'compressed', quietDeps: true }).css
styles = styles.replace(/url\("?font:([a-z0-9-]+)"?\)/g, (_, face) =>
  `url("${keep(`${face}.woff2`, readFileSync(join(fonts, `atkinson-hyperlegible-${face}.woff2`)), 'font/woff2')}")`)
for (const banned of ['GDS Transport', 'govuk-crest']) {
  if (styles.includes(banned)) throw new Error(`the styles name ${banned}, which only GOV.UK may use`)
}
keep('app.css', Buffer.from(styles), 'text/css; charset=utf-8')

const script = await esbuild.build({ entryPoints: ['app.mjs'], bundle: true, minify: true, format: 'esm', target: 'es2020', write: false, legalComments: 'none' })
keep('app.js', Buffer.from(script.outputFiles[0].contents), 'text/javascript; charset=utf-8')
keep('beacon.svg', readFileSync('beacon.svg'), 'image/svg+xml')
writeFileSync(join(output, 'index.tsv'), index.join('\n'))
