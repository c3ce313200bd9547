// Sound and picture on one clock. A frame and the 40 ms of sound that belong to it carry the same time; the sound is scheduled at that time of
// the sound card plus `offset`, and the picture is painted when its sound is heard.
const RATE = 16000, BUFFER = .12 // s that are kept ready against a network that is not steady

export class Player {
  constructor(canvas) {
    Object.assign(this, { canvas, brush: canvas.getContext('2d', { alpha: false }), queue: [], playing: new Set(), offset: null, painted: [], skews: [], skipped: 0, late: 0, moved: 0, onpaint: () => {} })
    const paint = () => { this.paint(); requestAnimationFrame(paint) }
    requestAnimationFrame(paint)
  }

  async start() { // has to come from a click
    if (!this.context) {
      this.context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' })
      this.volume = new GainNode(this.context)
      this.volume.connect(this.context.destination)
      this.context.onstatechange = () => { this.offset = null }
    }
    await this.context.resume()
    this.offset = null
  }

  get running() { return this.context?.state === 'running' }
  get now() { return this.running ? this.context.currentTime : performance.now() / 1000 }
  get delay() { return this.running ? this.context.outputLatency || this.context.baseLatency || 0 : 0 } // from the sound card's queue to the ear
  mute(quiet) { if (this.volume) this.volume.gain.value = quiet ? 0 : 1 }

  due(time, quiet) { // when something shall be heard; what comes too late moves everything that follows
    const ahead = this.offset === null ? -1 : time + this.offset - this.now
    if (ahead < .005 || (quiet && (ahead > BUFFER + .08))) {
      if (this.offset !== null && ahead < .005 && !quiet) this.late++
      this.moved = performance.now()
      this.offset = Math.round((this.now + BUFFER - time) * RATE) / RATE
    }
    return time + this.offset
  }

  sound(time, samples) {
    const quiet = samples.every(x => x === 0), at = this.due(time, quiet)
    if (quiet || !this.running) return
    const buffer = this.context.createBuffer(1, samples.length, RATE), data = buffer.getChannelData(0)
    for (let i = 0; i < samples.length; i++) data[i] = samples[i] / 32768
    const source = new AudioBufferSourceNode(this.context, { buffer })
    source.connect(this.volume)
    source.onended = () => this.playing.delete(source)
    this.playing.add(source)
    source.start(at)
  }

  async picture(number, time, jpeg) {
    const bitmap = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }))
    this.queue.push({ number, time, bitmap })
    if (this.queue.length > 60) this.skip() // the page is in the background and paints nothing
  }

  skip() { this.queue.shift().bitmap.close(); this.skipped += performance.now() - this.moved > 500 } // while the clock is set, pictures are in its way

  paint() {
    if (this.offset === null) return
    const heard = this.now - this.offset - this.delay
    while (this.queue.length > 1 && this.queue[1].time <= heard + .008) this.skip()
    const next = this.queue[0]
    if (!next || next.time > heard + .008 && next.time < heard + 2) return
    this.queue.shift()
    const { width, height } = next.bitmap
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height })
    this.brush.drawImage(next.bitmap, 0, 0)
    next.bitmap.close()
    this.painted.push(performance.now())
    this.skews.push(1000 * (heard - next.time))
    this.onpaint(next)
  }

  silence() { for (const source of this.playing) source.stop(); this.playing.clear() }

  numbers() { // of the last second
    const now = performance.now(), skews = this.skews
    this.painted = this.painted.filter(t => t > now - 1000)
    this.skews = []
    return { fps: this.painted.length, skew: skews.length ? skews.reduce((a, b) => a + b) / skews.length : null, skipped: this.skipped, late: this.late }
  }
}
