-- How code stands on paper; a filter of both renderers.
if not FORMAT:match('typst') then return {} end

-- Code that is folded on the pages may be left out (`--no-code`). Listings and cells that stand open
-- there are part of the text, and stay.
local function left_out(block)
  local open = block.attributes['code-fold'] == 'false' or block.identifier:match('^lst%-')
  return os.getenv('LABKIT_NO_CODE') and not open
end

-- A few lines of code stay on the page of what they made.
local FEW = 8

local function few_lines(block)
  local _, ends = block.text:gsub('\n', '')
  return ends < FEW
end

return {
  {
    Div = function(cell)
      if not cell.classes:includes('cell') then return nil end
      local blocks = pandoc.Blocks {}
      for i, block in ipairs(cell.content) do
        local code = block.t == 'CodeBlock' and block.classes:includes('cell-code')
        if code and left_out(block) then
          goto continue
        end
        if code and few_lines(block) and block.identifier == '' and i < #cell.content then
          blocks:insert(pandoc.RawBlock('typst', '#block(sticky: true, width: 100%)['))
          blocks:insert(block)
          blocks:insert(pandoc.RawBlock('typst', ']'))
        else
          blocks:insert(block)
        end
        ::continue::
      end
      cell.content = blocks
      return cell
    end,
  },
}
