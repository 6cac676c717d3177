-- Opens a policy with editors/neovim/checker.lua as a user does, and prints as JSON what the editor shows.

local function wait(condition)
  assert(vim.wait(60000, condition, 50), "waited too long")
end

local shown = { actions = {} }
vim.cmd("edit policy.json")
wait(function() return #vim.diagnostic.get(0) > 0 end)
shown.codes = vim.tbl_map(function(one) return one.code end, vim.diagnostic.get(0))
wait(function() return #vim.lsp.codelens.get(0) > 0 end)
shown.lenses = vim.tbl_map(function(one) return one.command.title end, vim.lsp.codelens.get(0))

vim.ui.select = function(items, options, choose)
  shown.actions = vim.tbl_map(options.format_item, items)
  choose(items[1], 1)
end
vim.api.nvim_win_set_cursor(0, { 5, 0 })
vim.lsp.buf.code_action()
wait(function() return vim.fn.search("aws:SourceArn", "nw") > 0 end)

vim.api.nvim_win_set_cursor(0, { 1, 0 })
wait(function() return #vim.lsp.codelens.get(0) > 0 and vim.lsp.codelens.get(0)[1].command.title ~= shown.lenses[1] end)
vim.lsp.codelens.run()
wait(function() return vim.bo.buftype == "nofile" end)
shown.explanation = vim.api.nvim_buf_get_lines(0, 0, -1, false)
shown.modifiable = vim.bo.modifiable
shown.windows = #vim.api.nvim_list_wins()
shown.clients = #(vim.lsp.get_clients or vim.lsp.get_active_clients)()
vim.fn.writefile({ vim.fn.json_encode(shown) }, "shown.json")
vim.cmd("qall!")
