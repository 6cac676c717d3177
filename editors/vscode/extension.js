"use strict";

const vscode = require("vscode");
const { createClient, isChecked } = require("./client");
const { Explanations } = require("./explanations");

const EXPLAIN = "checker.explain";
const CANNOT_START =
  "Cannot start `checker lsp`. Run `pip install 'connect-stream-checker[lsp]'`, or set `checker.path`.";
const OPEN_SETTING = "Open Setting";
const SHOW_OUTPUT = "Show Output";

/** The language server: it starts with the first document that it reads. */
class Server {
  constructor(context) {
    this.context = context;
    this.output = vscode.window.createOutputChannel("checker", { log: true });
    this.explanations = new Explanations();
    this.started = false;
    this.last = Promise.resolve();
    context.subscriptions.push(this.output, this.explanations);
  }

  /** Start the server for a document, unless it was started or does not read the document. */
  startFor(document) {
    if (!this.started && isChecked(document)) {
      void this.restart();
    }
  }

  /** Stop the server, and start it with the current settings. Restarts follow one another. */
  restart() {
    this.started = true;
    this.last = this.last.then(() => this.stop()).then(() => this.run());
    return this.last;
  }

  async run() {
    this.client = createClient(this.context, this.output, (...call) => this.execute(...call));
    try {
      await this.client.start();
    } catch (error) {
      this.output.error(String(error));
      void this.reportFailure();
    }
  }

  async stop() {
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch((error) => this.output.error(String(error)));
  }

  /** Run a command of the server. The explanation of a topic is shown as a document. */
  async execute(command, args, next) {
    const result = await next(command, args);
    if (command === EXPLAIN) {
      const [uri, topic] = args;
      await this.explanations.show(uri, topic, result);
    }
    return result;
  }

  async reportFailure() {
    const choice = await vscode.window.showErrorMessage(CANNOT_START, OPEN_SETTING, SHOW_OUTPUT);
    if (choice === OPEN_SETTING) {
      const remote = vscode.env.remoteName ? "Remote" : ""; // settings of a remote machine have a page of their own
      await vscode.commands.executeCommand(`workbench.action.open${remote}Settings`, { query: "checker.path" });
    } else if (choice === SHOW_OUTPUT) {
      this.output.show();
    }
  }
}

let server;

function activate(context) {
  server = new Server(context);
  context.subscriptions.push(
    vscode.commands.registerCommand("checker.restart", () => server.restart()),
    vscode.workspace.onDidOpenTextDocument((document) => server.startFor(document)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (server.started && change.affectsConfiguration("checker.path")) {
        void server.restart();
      }
    }),
  );
  vscode.workspace.textDocuments.forEach((document) => server.startFor(document));
}

function deactivate() {
  return server?.stop();
}

module.exports = { activate, deactivate };
