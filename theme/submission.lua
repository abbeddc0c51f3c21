-- What a course wants on a report that is handed in, below the title of the first page; on paper
-- submission.typ does it.
local stringify = pandoc.utils.stringify

-- The built-in renderer's template does it by itself.
if not quarto or not FORMAT:match('html') then return {} end

function Pandoc(doc)
  local first = quarto.doc.input_file:match('[^/\\]+$') == 'index.qmd'
  if not first or type(doc.meta.submission) ~= 'table' then return nil end
  local labels = pandoc.List()
  for label, value in pairs(doc.meta.submission) do
    if stringify(value) ~= '' then labels:insert(label) end
  end
  labels:sort()  -- what pandoc read has no order
  local lines = labels:map(function(label)
    local name = label:sub(1, 1):upper() .. label:sub(2) .. ': '
    local value = stringify(doc.meta.submission[label])
    return { pandoc.Plain { pandoc.Strong { pandoc.Str(name) }, pandoc.Str(value) } }
  end)
  if #lines > 0 then doc.blocks:insert(1, pandoc.BulletList(lines)) end
  return doc
end
