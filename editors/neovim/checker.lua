-- Checks policies with `checker lsp`, in Neovim 0.7 or newer. Copy this file to ~/.config/nvim/plugin/checker.lua.

local command = { "checker", "lsp" }
local instances = {} -- ARNs of the Amazon Connect instances that stream to your topics

local patterns = {
  "*.json", "*.jsonl", "*.ndjson", "*.yaml", "*.yml", "*.template",
  "*.tf", "*.tofu", "*.tfvars", "*.hcl", "*.tfstate",
}

local function show(text)
  vim.cmd("botright new")
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(text, "\n"))
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.modifiable = "nofile", "wipe", false
end

-- The command of a line above a policy: the server returns the explanation of the topic as text.
local function explain(lens, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local params = { command = lens.command, arguments = lens.arguments }
  local function answer(failure, text)
    show(failure and failure.message or text)
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request("workspace/executeCommand", params, answer, context.bufnr)
  else
    client.request("workspace/executeCommand", params, answer, context.bufnr)
  end
end

-- Each check may change the findings of a file, and the lines above its policies.
local function on_attach(_, buffer)
  vim.api.nvim_create_autocmd({ "DiagnosticChanged", "BufEnter" }, {
    buffer = buffer,
    callback = function() vim.lsp.codelens.refresh() end,
  })
end

local config = {
  name = "checker",
  cmd = command,
  init_options = { instances = instances },
  commands = { ["checker.explain"] = explain },
  on_attach = on_attach,
}
local client -- of Neovim 0.7, which does not find the running client

local function start(event)
  if vim.bo[event.buf].buftype ~= "" then
    return
  elseif vim.fn.executable(command[1]) == 0 then
    vim.notify_once("checker not found: run `pip install 'connect-stream-checker[lsp]'`", vim.log.levels.ERROR)
    return
  end
  config.root_dir = vim.fn.getcwd()
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = event.buf })
  else
    client = client or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(event.buf, client)
  end
end

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile" }, { pattern = patterns, callback = start })
