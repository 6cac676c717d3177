// Search runs in a Worker, which browsers refuse to pages that are opened as files. There it runs in a hidden frame.
// The name of this file tells zensical that it need not load a script from another host for that.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      this.inside = this.frame.contentWindow;
      this.inside.postMessage = (data) => setTimeout(() => this.onmessage?.({ data: structuredClone(data) }));
      this.loaded = new Promise((resolve) => {
        const script = this.inside.document.createElement("script");
        script.src = new URL(url, location).href;
        script.onload = resolve;
        this.inside.document.body.append(script);
      });
    }

    postMessage(data) {
      const copy = structuredClone(data);
      this.loaded.then(() => setTimeout(() => this.inside.onmessage?.({ data: copy })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
