-- On paper, code that is folded on the pages may be left out (`--no-code`): listings and cells that
-- stand open there are part of the text, and stay.
if FORMAT ~= 'typst' or not os.getenv('LABKIT_NO_CODE') then return {} end

return {
  {
    CodeBlock = function(block)
      local open = block.attributes['code-fold'] == 'false' or block.identifier:match('^lst%-')
      if block.classes:includes('cell-code') and not open then return {} end
    end,
  },
}
