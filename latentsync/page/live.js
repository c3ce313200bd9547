import { Player } from './player.js'

const $ = id => document.getElementById(id)
const player = new Player($('face'))
const page = window.latentsync = { player, socket: null, session: null, character: null, speaking: false, since: Infinity, until: Infinity, stats: {}, asked: null, first: null }
let key = new URLSearchParams(location.search).get('key') ?? sessionStorage.getItem('key') ?? ''
let microphone = null

// Asking the server

const withKey = path => key ? `${path}${path.includes('?') ? '&' : '?'}key=${encodeURIComponent(key)}` : path
async function ask(path, how = {}) {
  const answer = await fetch(path, { ...how, headers: { ...how.headers, ...(key && { 'X-API-Key': key }) } })
  if (answer.status === 401) { await askKey(); return ask(path, how) }
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).message ?? `the server answers ${answer.status}`)
  return answer.json()
}
const post = (path, body) => ask(path, { method: 'POST', ...(body instanceof FormData ? { body } : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }) })

function askKey() {
  $('ask-key').showModal()
  return new Promise(done => $('key-form').addEventListener('submit', () => { key = $('key').value; sessionStorage.setItem('key', key); done() }, { once: true }))
}

function note(words = '') { $('note').textContent = words; $('note').hidden = !words }
const tried = f => async (...what) => { note(); try { await f(...what) } catch (e) { note(e.message) } }

// The socket

function connect() {
  page.socket?.close()
  page.ready = new Promise(done => { page.isReady = done })
  const socket = page.socket = new WebSocket(withKey(new URL('ws/live', location.href).href.replace(/^http/, 'ws').split('?')[0]))
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => send({ type: 'start', framing: 'v1', sound: true, character: page.character, quality: +$('quality').value, ...($('ahead').value && { lookahead_ms: +$('ahead').value }) })
  socket.onmessage = ({ data }) => socket === page.socket && (typeof data === 'string' ? told(JSON.parse(data)) : shown(data))
  socket.onclose = () => {
    if (socket !== page.socket) return
    page.session = null
    state('lost', 'not connected')
    if (page.character) setTimeout(() => socket === page.socket && connect(), 2000)
  }
}
const send = message => page.socket?.readyState === 1 && page.socket.send(message instanceof ArrayBuffer ? message : JSON.stringify(message))

function shown(data) {
  const head = new DataView(data), kind = String.fromCharCode(...new Uint8Array(data, 0, 4)), number = head.getUint32(4, true), time = head.getFloat64(8, true)
  if (kind === 'LSA1') player.sound(time, new Int16Array(data, 16))
  else player.picture(number, time, new Uint8Array(data, 16))
}

function told(message) {
  if (message.type === 'ready') { Object.assign(page, { session: message.session, since: Infinity, until: Infinity }); player.offset = null; ended(); if (microphone) tellFormat(); page.isReady() }
  if (message.type === 'speaking') message.value ? Object.assign(page, { since: message.number, until: Infinity }) : page.until = message.number
  if (message.type === 'stats') page.stats = message
  if (message.type === 'notice' || message.type === 'error') note(message.message)
}

player.onpaint = frame => { // the server is ahead of what is seen; what the page says is what is seen
  if (frame.number < page.since || frame.number >= page.until) { if (page.speaking) ended(); return }
  page.speaking = true
  state('speaking', microphone ? 'listening to you' : 'speaking')
  $('stop').disabled = false
  if (page.asked === null) return
  page.first = performance.now() - page.asked
  $('first').textContent = `${Math.round(page.first)} ms`
  page.asked = null
}
function ended() {
  page.speaking = false
  state('idle', microphone ? 'listening to you' : 'ready')
  $('stop').disabled = true
  $('caption').hidden = true
}
function state(is, words) { if ($('state').textContent !== words) $('state').textContent = words; $('state').dataset.is = is }

setInterval(() => {
  const n = player.numbers(), { latency_ms_p50: p50, latency_ms_p95: p95, dropped = 0 } = page.stats
  $('fps').textContent = n.fps
  $('latency').textContent = p50 === undefined ? '–' : `${Math.round(p50)} ms`
  $('latency').title = p95 === undefined ? '' : `95 of 100 within ${Math.round(p95)} ms`
  $('skew').textContent = n.skew === null || !player.running ? '–' : `${n.skew.toFixed(0)} ms`
  $('dropped').textContent = dropped + n.skipped
  page.numbers = n
  if (n.skew !== null && player.running && page.speaking) send({ type: 'report', skew_ms: n.skew })
}, 1000)

// What is to be said

async function sound() { await player.start(); $('sound').setAttribute('aria-pressed', 'true'); player.mute(false) }

$('pane-text').onsubmit = tried(async event => {
  event.preventDefault()
  const text = $('text').value.trim()
  if (!text) throw new Error('There is nothing to be said yet; write some words.')
  await sound()
  await page.ready // a face that was chosen just now may still be on its way
  page.asked = performance.now()
  send({ type: 'say', text, voice: $('voice').value || null })
  $('caption').textContent = text.length > 140 ? text.slice(0, 140) + '…' : text
  $('caption').hidden = false
})
$('text').onkeydown = event => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('pane-text').requestSubmit() }

const play = tried(async file => {
  await sound()
  await page.ready
  const body = new FormData()
  body.append('audio_file', file)
  $('file-note').textContent = `${file.name} …`
  page.asked = performance.now()
  try { await post(`sessions/${page.session}/audio`, body); $('file-note').textContent = file.name }
  catch (e) { $('file-note').textContent = 'any format, also the sound of a video'; throw e }
})
$('file').onchange = () => { if ($('file').files[0]) play($('file').files[0]); $('file').value = '' }
for (const [kind, over] of [['dragover', true], ['dragleave', false], ['drop', false]]) $('drop').addEventListener(kind, event => {
  event.preventDefault()
  $('drop').classList.toggle('over', over)
  if (kind === 'drop' && event.dataTransfer.files[0]) play(event.dataTransfer.files[0])
})

$('stop').onclick = () => { send({ type: 'interrupt' }); player.silence(); page.asked = null; $('caption').hidden = true }

// The microphone

const tellFormat = () => send({ type: 'format', sample_rate: microphone.context.sampleRate, format: 's16le', channels: 1 })
$('mic').onclick = tried(async () => {
  if (microphone) return hush()
  await sound()
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } }).catch(() => { throw new Error('The microphone may not be used; allow it in the browser.') })
  const context = new AudioContext()
  await context.audioWorklet.addModule('static/microphone.js')
  const node = new AudioWorkletNode(context, 'microphone')
  microphone = { stream, context }
  tellFormat()
  node.port.onmessage = ({ data }) => send(data)
  context.createMediaStreamSource(stream).connect(node)
  player.mute(!$('monitor').checked)
  Object.assign($('mic'), { textContent: 'Stop listening', className: 'primary big on' })
})
function hush() {
  for (const track of microphone.stream.getTracks()) track.stop()
  microphone.context.close()
  microphone = null
  send({ type: 'flush' })
  player.mute(false)
  Object.assign($('mic'), { textContent: 'Speak', className: 'primary big' })
}
$('monitor').onchange = () => microphone && player.mute(!$('monitor').checked)

$('sound').onclick = async () => {
  const on = $('sound').getAttribute('aria-pressed') !== 'true'
  await player.start()
  player.mute(!on)
  $('sound').setAttribute('aria-pressed', on)
}

function voiceName({ name, language }) {
  const about = code => { try { return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) } catch { return code } }
  return name.startsWith('espeak-') ? `${about(language)} · eSpeak NG` : `${name} · ${about(language)}`
}

// Who speaks

async function people(chosen) {
  const all = await ask('avatars')
  const made = all.map(({ name }) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', title: name })
    const picture = Object.assign(document.createElement('img'), { src: withKey(`avatars/${name}/picture`), alt: '' })
    button.append(picture, Object.assign(document.createElement('span'), { textContent: name }))
    button.setAttribute('role', 'option')
    button.dataset.name = name
    button.onclick = () => choose(name)
    return button
  })
  const more = Object.assign(document.createElement('button'), { type: 'button', id: 'new', innerHTML: '<i>+</i><span>new</span>' })
  more.onclick = () => { $('create-error').hidden = true; $('create').showModal() }
  $('people').replaceChildren(...made, more)
  if (chosen ?? all[0]?.name) choose(chosen ?? all[0].name)
  else { state('lost', 'nobody yet'); $('create').showModal() }
}
function choose(name) {
  if (page.character === name && page.session) return
  page.character = name
  for (const b of $('people').children) b.setAttribute('aria-selected', b.dataset.name === name)
  state('', 'connecting')
  connect()
}

$('create-cancel').onclick = () => $('create').close()
$('create-file').onchange = () => {
  $('create-error').hidden = true
  const file = $('create-file').files[0]
  $('create-note').textContent = file?.name ?? 'a clip moves while it speaks'
  if (file && !$('create-name').value) $('create-name').value = file.name.replace(/\.\w+$/, '').replace(/[^A-Za-z0-9_-]/g, '_').replace(/^[^A-Za-z0-9]+/, '').slice(0, 60)
}
$('create-form').onsubmit = async event => {
  event.preventDefault()
  const body = new FormData(), began = performance.now(), go = $('create-go')
  body.append('file', $('create-file').files[0])
  body.append('name', $('create-name').value)
  const clock = setInterval(() => { go.textContent = `Looking at it, ${Math.round((performance.now() - began) / 1000)} s` }, 500)
  go.disabled = true
  $('create-error').hidden = true
  try {
    const { name } = await post('avatars', body)
    $('create').close()
    $('create-form').reset()
    await people(name)
  } catch (e) { $('create-error').textContent = e.message; $('create-error').hidden = false }
  clearInterval(clock)
  Object.assign(go, { textContent: 'Create', disabled: false })
}

// The rest of the page

for (const tab of document.querySelectorAll('[role=tab]')) tab.onclick = () => {
  for (const other of document.querySelectorAll('[role=tab]')) {
    other.setAttribute('aria-selected', other === tab)
    $(other.getAttribute('aria-controls')).hidden = other !== tab
  }
}
for (const id of ['quality', 'ahead']) $(id).onchange = connect
const KEPT = { enabled: 'keep', save_frames: 'keep-frames', save_audio: 'keep-sound' }
for (const id of Object.values(KEPT)) $(id).onchange = tried(async () => { showKept(await post('debug/config', Object.fromEntries(Object.entries(KEPT).map(([k, id]) => [k, $(id).checked])))) })
function showKept(debug) { for (const [k, id] of Object.entries(KEPT)) $(id).checked = debug[k] }

tried(async () => {
  const voices = await ask('voices')
  $('voice').replaceChildren(...voices.map(v => new Option(voiceName(v), v.name)))
  showKept(await ask('debug/status'))
  $('metrics').href = withKey('metrics')
  await people()
})()
