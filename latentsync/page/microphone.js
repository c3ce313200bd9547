// 20 ms of sound at a time, as 16-bit numbers
class Microphone extends AudioWorkletProcessor {
  constructor() { super(); this.kept = new Int16Array(Math.round(sampleRate / 50)); this.n = 0 }
  process([[channel]]) {
    for (const x of channel ?? []) {
      this.kept[this.n++] = Math.max(-1, Math.min(1, x)) * 32767
      if (this.n === this.kept.length) { this.port.postMessage(this.kept.slice().buffer); this.n = 0 }
    }
    return true
  }
}
registerProcessor('microphone', Microphone)
