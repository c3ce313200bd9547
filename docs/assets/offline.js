// A page that is opened as a file may start no worker: its script runs in a hidden frame instead, so that search works without a server.
if (location.protocol === 'file:') window.Worker = class extends EventTarget {
  constructor(address) {
    super()
    const frame = document.createElement('iframe')
    frame.hidden = true
    document.body.append(frame)
    this.inner = frame.contentWindow
    this.inner.postMessage = data => this.dispatchEvent(new MessageEvent('message', {data}))
    this.waiting = []
    const script = this.inner.document.createElement('script')
    script.src = address
    script.onload = () => { this.waiting.forEach(data => this.send(data)); this.waiting = null }
    this.inner.document.body.append(script)
  }
  send(data) { this.inner.dispatchEvent(new this.inner.MessageEvent('message', {data})) }
  postMessage(data) { this.waiting ? this.waiting.push(data) : this.send(data) }
}
