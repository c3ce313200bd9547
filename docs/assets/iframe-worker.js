// A browser starts no worker for a page that was opened as a file. The search needs one, so there a hidden frame takes its place.
if (location.protocol === 'file:') {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const waiting = []
      this.postMessage = data => waiting.push(data)
      const frame = document.createElement('iframe')
      frame.hidden = true
      document.documentElement.append(frame)
      const inside = frame.contentWindow
      inside.postMessage = data => this.dispatchEvent(new MessageEvent('message', { data }))
      const script = inside.document.createElement('script')
      script.onload = () => {
        this.postMessage = data => inside.dispatchEvent(new inside.MessageEvent('message', { data }))
        waiting.forEach(this.postMessage)
      }
      script.src = url
      inside.document.head.append(script)
    }
    terminate() {}
  }
}
