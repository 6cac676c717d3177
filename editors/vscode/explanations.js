"use strict";

const vscode = require("vscode");

const SCHEME = "checker-explanation";

/** Read-only documents with the explanations of topics. */
class Explanations {
  constructor() {
    this.texts = new Map();
    this.changed = new vscode.EventEmitter();
    this.onDidChange = this.changed.event;
    this.registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  dispose() {
    this.registration.dispose();
    this.changed.dispose();
  }

  /** Return the text of a document. An editor that was restarted does not have it. */
  provideTextDocumentContent(uri) {
    return this.texts.get(uri.toString()) ?? "Click the line above the policy again to explain its topic.";
  }

  /** Show the explanation of a topic beside the document that declares it. */
  async show(source, topic, text) {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${topic}`, query: source });
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const options = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    await vscode.window.showTextDocument(document, options);
  }
}

module.exports = { Explanations };
