"use strict";

const vscode = require("vscode");
const { CloseAction, LanguageClient } = require("vscode-languageclient/node");

const SECTION = "checker";
const SELECTOR = [
  {
    scheme: "file",
    pattern: "**/*.{json,jsonl,ndjson,yaml,yml,template,tf,tofu,tfvars,hcl,tfstate}",
  },
];

/** A client that leaves it to its caller to report a server that does not start. */
class CheckerClient extends LanguageClient {
  async start() {
    await super.start();
    this.hasRun = true;
  }

  error(message, data, showNotification) {
    super.error(message, data, this.hasRun ? showNotification : false);
  }

  /** Return when to start the server again: one that exits at once would do so again. */
  createDefaultErrorHandler(maxRestartCount) {
    const handler = super.createDefaultErrorHandler(maxRestartCount);
    return {
      error: (...failure) => handler.error(...failure),
      closed: () => (this.hasRun ? handler.closed() : { action: CloseAction.DoNotRestart }),
    };
  }
}

/** Return a client that is not started. `executeCommand` runs the commands of the server. */
function createClient(context, output, executeCommand) {
  return new CheckerClient(SECTION, "checker", serverOptions(context), {
    documentSelector: SELECTOR,
    initializationOptions: () => ({ instances: setting("instances") }),
    initializationFailedHandler: () => false,
    synchronize: { configurationSection: SECTION },
    outputChannel: output,
    middleware: { executeCommand },
  });
}

/** Return the command of the server. It runs outside the workspace, where Windows would look for commands first. */
function serverOptions(context) {
  return { command: setting("path"), args: ["lsp"], options: { cwd: context.extensionPath } };
}

function setting(name) {
  return vscode.workspace.getConfiguration(SECTION).get(name);
}

/** True for a document that the server reads. */
function isChecked(document) {
  return vscode.languages.match(SELECTOR, document) > 0;
}

module.exports = { createClient, isChecked };
