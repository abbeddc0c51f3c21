-- The book's one pandoc filter, in two passes over each chapter.
--
-- "number" (chapter number in `book-chapter`): callouts get their titles; sections, figures,
-- tables, listings and equations get the numbers that Quarto gives them in a book, kept in the attribute
-- `number`, and are listed in the metadata field `registry`.
--
-- "resolve" (registry of the whole book in `registry`): cross-references become links, and
-- everything that looks different on a page and in the PDF takes its form.

local stringify = pandoc.utils.stringify
local html = FORMAT:match('html') ~= nil
local typst = FORMAT:match('typst') ~= nil

local KINDS = {
  fig = 'Figure', tbl = 'Table', eq = 'Equation', sec = 'Section', lst = 'Listing',
}
local CALLOUTS = { note = 'Note', tip = 'Tip', warning = 'Warning', important = 'Important' }

local function kind_of(id)
  local kind = id:match('^(%a+)%-.')
  return kind and KINDS[kind] and kind or nil
end

local function callout_kind(div)
  for _, class in ipairs(div.classes) do
    local kind = class:match('^callout%-(.+)$')
    if kind and CALLOUTS[kind] then return kind end
  end
end

-- A string as Typst source writes it.
local function typst_string(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

local function escape_html(text)
  return (text:gsub('&', '&amp;'):gsub('<', '&lt;'):gsub('>', '&gt;'):gsub('"', '&quot;'))
end

-- Pass one -----------------------------------------------------------------------------------

local function number_pass(doc)
  local chapter = stringify(doc.meta['book-chapter'] or '')
  local counts, sections, registry = {}, {}, {}

  local function register(id, kind, number, title)
    registry[#registry + 1] = pandoc.MetaMap {
      id = pandoc.MetaString(id),
      kind = pandoc.MetaString(kind),
      number = pandoc.MetaString(number),
      title = pandoc.MetaInlines(title or {}),
    }
  end

  local function next_number(kind)
    counts[kind] = (counts[kind] or 0) + 1
    return chapter ~= '' and chapter .. '.' .. counts[kind] or tostring(counts[kind])
  end

  -- The first heading of a callout is its title, not a section of the chapter.
  local function title_callout(div)
    local kind = callout_kind(div)
    if not kind then return nil end
    local title = pandoc.Inlines { pandoc.Str(CALLOUTS[kind]) }
    if div.attributes.title then
      title = pandoc.utils.blocks_to_inlines(pandoc.read(div.attributes.title, 'markdown').blocks)
      div.attributes.title = nil
    elseif div.content[1] and div.content[1].t == 'Header' then
      title = div.content:remove(1).content
    end
    div.content:insert(1, pandoc.Div({ pandoc.Plain(title) }, pandoc.Attr('', { 'callout-title' })))
    return div
  end

  local function section_number(header)
    if chapter == '' or header.classes:includes('unnumbered') then return '' end
    if header.level == 1 then return chapter end
    local depth = header.level - 1
    for level = 1, depth do sections[level] = sections[level] or 0 end
    sections[depth] = sections[depth] + 1
    for level = depth + 1, #sections do sections[level] = nil end
    return chapter .. '.' .. table.concat(sections, '.', 1, depth)
  end

  local function number_header(header)
    local number = section_number(header)
    header.attributes.number = number
    local kind = header.level == 1 and 'chapter' or 'sec'
    register(header.identifier, kind, number, header.content)
    return header
  end

  local function number_float(kind)
    return function(element)
      if kind_of(element.identifier) ~= kind then return nil end
      local number = next_number(kind)
      element.attributes.number = number
      register(element.identifier, kind, number)
      return element
    end
  end

  -- A code block with a label becomes a div of its caption and itself.
  local function number_listing(block)
    local id = block.identifier
    if kind_of(id) ~= 'lst' then return nil end
    local caption = pandoc.read(block.attributes['lst-cap'] or '', 'markdown').blocks
    local number = next_number('lst')
    register(id, 'lst', number)
    block.identifier, block.attributes['lst-cap'] = '', nil
    block.attributes['code-line-numbers'] = nil  -- all listings have them
    return pandoc.Div(
      { pandoc.Plain(pandoc.utils.blocks_to_inlines(caption)), block },
      pandoc.Attr(id, { 'listing' }, { number = number })
    )
  end

  -- `$$ ... $$ {#eq-x}` reaches pandoc as a formula followed by the words "{#eq-x}".
  local function number_equations(inlines)
    for i = 1, #inlines - 1 do
      local math = inlines[i]
      if math.t == 'Math' and math.mathtype == 'DisplayMath' then
        local j = inlines[i + 1].t == 'Str' and i + 1 or i + 2
        local words = inlines[j] and inlines[j].t == 'Str' and inlines[j].text or ''
        local id, rest = words:match('^{#(eq%-[^}%s]+)}(.*)$')
        if id then
          local number = next_number('eq')
          register(id, 'eq', number)
          inlines[i] = pandoc.Span({ math }, pandoc.Attr(id, { 'equation' }, { number = number }))
          for _ = i + 1, j do inlines:remove(i + 1) end
          if rest ~= '' then inlines:insert(i + 1, pandoc.Str(rest)) end
          return number_equations(inlines)
        end
      end
    end
    return inlines
  end

  doc = doc:walk { Div = title_callout }
  doc = doc:walk {
    traverse = 'topdown',
    Header = number_header,
    Figure = number_float('fig'),
    Table = number_float('tbl'),
    CodeBlock = number_listing,
    Inlines = number_equations,
  }
  doc.meta = pandoc.Meta { registry = pandoc.MetaList(registry) }
  return doc
end

-- Pass two -----------------------------------------------------------------------------------

local function resolve_pass(doc)
  local registry = {}
  for id, entry in pairs(doc.meta.registry or {}) do
    registry[id] = {
      text = stringify(entry.text), number = stringify(entry.number), page = stringify(entry.page),
    }
  end
  local page = stringify(doc.meta.page or '')
  local folder = page:match('^(.*/)') or ''

  -- Path from this page's folder to a page of the book; both lie at most one folder deep.
  local function relative(target)
    if folder ~= '' and target:sub(1, #folder) == folder then return target:sub(#folder + 1) end
    return (folder ~= '' and '../' or '') .. target
  end

  local function address(id)
    local target = registry[id].page
    if typst or target == page then return '#' .. id end
    return relative(target) .. '#' .. id
  end

  -- The prefix of `[Panel @fig-x]` takes the place of "Figure"; `[-@fig-x]` is the bare number.
  local function reference(item)
    local target = registry[item.id]
    local words = pandoc.Inlines { pandoc.Str(target.text) }
    if item.mode == 'SuppressAuthor' then
      words = pandoc.Inlines { pandoc.Str(target.number) }
    elseif #item.prefix > 0 then
      words = item.prefix .. { pandoc.Str('\u{a0}' .. target.number) }
    end
    if not (html or typst) then return words .. item.suffix end
    local attr = pandoc.Attr('', html and { 'crossref' } or {})
    return pandoc.Inlines { pandoc.Link(words, address(item.id), '', attr) } .. item.suffix
  end

  -- `@fig-x` is a citation to pandoc, and `@sec-x [@key]` a single one of two things.
  local function cross_reference(cite)
    local pieces, sources, found = pandoc.Inlines {}, pandoc.List {}, false
    for _, item in ipairs(cite.citations) do
      if kind_of(item.id) and registry[item.id] then
        if found then pieces:extend { pandoc.Str(','), pandoc.Space() } end
        pieces:extend(reference(item))
        found = true
      else
        sources:insert(item)
      end
    end
    if not found then return nil end
    if #sources > 0 then
      pieces:extend { pandoc.Space(), pandoc.Cite({}, sources) }
    end
    return pieces
  end

  local function link(element)
    local file, id = element.target:match('^([^:#]*%.qmd)#?(.*)$')
    if file and html then
      element.target = file:gsub('%.qmd$', '.html') .. (id ~= '' and '#' .. id or '')
      return element
    elseif file and not typst then
      element.target = file:match('[^/]*$'):gsub('%.qmd$', '.ipynb')
      return element
    elseif file then
      return registry[id] and pandoc.Link(element.content, '#' .. id) or element.content
    elseif typst and element.target:match('^#') and not element.target:match('^#ref%-')
      and not registry[element.target:sub(2)] then
      return element.content
    end
  end

  local function caption_label(word, number)
    local label = pandoc.Inlines { pandoc.Str(word .. '\u{a0}' .. number .. ':') }
    return html and pandoc.Span(label, pandoc.Attr('', { 'caption-label' }))
      or pandoc.Strong(label)
  end

  local function numbered_caption(element, word)
    local number = element.attributes.number
    local caption = pandoc.Inlines {}
    for _, block in ipairs(element.caption.long) do
      if block.content then caption:extend(block.content) end
    end
    if number then
      caption = pandoc.Inlines { caption_label(word, number), pandoc.Space() } .. caption
    end
    element.attributes.number = nil
    return caption
  end

  local function image(element)
    element.attributes.alt = element.attributes['fig-alt'] or stringify(element.caption)
    element.attributes['fig-alt'] = nil
    if html then
      element.attributes.loading = 'lazy'
      return element
    elseif typst then
      -- A figure as wide as 700 pixels fills the width of the text. Pandoc drops the alt text.
      local pixels = tonumber((element.attributes.width or ''):match('^(%d+)p?x?$'))
      local width = pixels and string.format('%d%%', math.min(100, math.floor(pixels / 7)))
        or element.attributes.width or 'auto'
      return pandoc.RawInline('typst', string.format(
        '#box(image(%s, width: %s, alt: %s))',
        typst_string(element.src), width, typst_string(element.attributes.alt)
      ))
    end
  end

  local function open_figure(id, class)
    local attr = id ~= '' and ' id="' .. escape_html(id) .. '"' or ''
    return pandoc.RawBlock('html', '<figure' .. attr .. ' class="' .. class .. '">')
  end

  local function figure(element)
    local caption = numbered_caption(element, KINDS.fig)
    if not html then
      element.caption = { long = { pandoc.Plain(caption) } }
      return element
    end
    local blocks = pandoc.Blocks { open_figure(element.identifier, 'fig') }
    blocks:extend(element.content)
    blocks:insert(pandoc.RawBlock('html', '<figcaption>'))
    blocks:insert(pandoc.Plain(caption))
    blocks:insert(pandoc.RawBlock('html', '</figcaption></figure>'))
    return blocks
  end

  local function table_(element)
    local caption = numbered_caption(element, KINDS.tbl)
    if not html then
      if not typst then element.identifier = '' end
      element.caption = { long = #caption > 0 and { pandoc.Plain(caption) } or {} }
      return element
    end
    local blocks = pandoc.Blocks { open_figure(element.identifier, 'tbl') }
    if #caption > 0 then
      blocks:insert(pandoc.RawBlock('html', '<figcaption>'))
      blocks:insert(pandoc.Plain(caption))
      blocks:insert(pandoc.RawBlock('html', '</figcaption>'))
    end
    element.identifier, element.caption = '', { long = {} }
    blocks:insert(pandoc.RawBlock('html', '<div class="table-scroll">'))
    blocks:insert(element)
    blocks:insert(pandoc.RawBlock('html', '</div></figure>'))
    return blocks
  end

  local function equation(span)
    local number = span.attributes.number
    if not (span.classes:includes('equation') and number) then return nil end
    local tag = '(' .. number .. ')'
    span.attributes.number = nil
    if not (html or typst) then
      return pandoc.Math('DisplayMath', span.content[1].text:gsub('%s+$', '') .. ' \\tag{' .. number .. '}')
    end
    if html then
      span.content:insert(pandoc.Span({ pandoc.Str(tag) }, pandoc.Attr('', { 'equation-number' })))
      return span
    elseif typst then
      local numbering = typst_string(tag)
      return {
        pandoc.RawInline('typst', '#[#set math.equation(numbering: (..n) => ' .. numbering .. ');'),
        span.content[1],
        pandoc.RawInline('typst', '<' .. span.identifier .. '>]'),
      }
    end
  end

  local function header(element)
    local number = element.attributes.number or ''
    element.attributes.number = nil
    if number ~= '' then
      local mark = html
        and pandoc.Span({ pandoc.Str(number) }, pandoc.Attr('', { 'section-number' }))
        or not typst and pandoc.Str(number)
        or pandoc.RawInline('typst', '#section-number(' .. typst_string(number) .. ')')
      element.content = pandoc.Inlines { mark, pandoc.Space() } .. element.content
    end
    return element
  end

  local function code_block(element)
    local fold = element.attributes['code-fold']
    local summary = element.attributes['code-summary'] or 'Code'
    element.attributes['code-fold'], element.attributes['code-summary'] = nil, nil
    if html and (fold == 'true' or fold == 'show') then
      local open = fold == 'show' and ' open' or ''
      local head = '<details class="code-fold"' .. open .. '><summary>'
      return {
        pandoc.RawBlock('html', head .. escape_html(summary) .. '</summary>'),
        element,
        pandoc.RawBlock('html', '</details>'),
      }
    elseif typst and element.classes:includes('output') then
      return {
        pandoc.RawBlock('typst', '#output['),
        pandoc.CodeBlock(element.text),
        pandoc.RawBlock('typst', ']'),
      }
    end
    return element
  end

  local function callout(div, kind)
    local title = div.content:remove(1).content[1].content
    local collapse = div.attributes.collapse
    div.attributes.collapse = nil
    if typst then
      local head = pandoc.Inlines { pandoc.RawInline('typst', '#callout("' .. kind .. '")[') }
      head:extend(title)
      head:insert(pandoc.RawInline('typst', ']['))
      local blocks = pandoc.Blocks { pandoc.Plain(head) } .. div.content
      blocks:insert(pandoc.RawBlock('typst', ']'))
      return blocks
    elseif html then
      local class = 'class="callout callout-' .. kind .. '"'
      local opening = '<aside ' .. class .. '><div class="callout-title">'
      local middle, closing = '</div><div class="callout-body">', '</div></aside>'
      if collapse then
        local open = collapse == 'false' and ' open' or ''
        opening = '<details ' .. class .. open .. '><summary class="callout-title">'
        middle, closing = '</summary><div class="callout-body">', '</div></details>'
      end
      local blocks = pandoc.Blocks {
        pandoc.RawBlock('html', opening),
        pandoc.Plain { pandoc.Span(title) },
        pandoc.RawBlock('html', middle),
      }
      blocks:extend(div.content)
      blocks:insert(pandoc.RawBlock('html', closing))
      return blocks
    end
    return pandoc.BlockQuote(pandoc.Blocks { pandoc.Para { pandoc.Strong(title) } } .. div.content)
  end

  local function listing(element)
    local label = caption_label(KINDS.lst, element.attributes.number)
    local caption = pandoc.Inlines { label, pandoc.Space() } .. element.content:remove(1).content
    if html then
      local blocks = pandoc.Blocks {
        open_figure(element.identifier, 'lst'),
        pandoc.RawBlock('html', '<figcaption>'),
        pandoc.Plain(caption),
        pandoc.RawBlock('html', '</figcaption>'),
      }
      blocks:extend(element.content)
      blocks:insert(pandoc.RawBlock('html', '</figure>'))
      return blocks
    elseif typst then
      local head = pandoc.Inlines { pandoc.RawInline('typst', '#listing([') } .. caption
      head:insert(pandoc.RawInline('typst', '])['))
      local blocks = pandoc.Blocks { pandoc.Plain(head) } .. element.content
      blocks:insert(pandoc.RawBlock('typst', '] <' .. element.identifier .. '>'))
      return blocks
    end
  end

  local function div(element)
    local kind = callout_kind(element)
    if kind then return callout(element, kind) end
    if element.classes:includes('listing') then return listing(element) end
    if element.classes:includes('cell') then
      element.attributes.index = nil
      if typst or #element.content == 0 then return element.content end
    end
  end

  -- What Markdown lacks: a term stands above what it means.
  local function definitions(list)
    if html or typst then return nil end
    local blocks = pandoc.Blocks {}
    for _, item in ipairs(list.content) do
      blocks:insert(pandoc.Para { pandoc.Strong(item[1]) })
      for _, meaning in ipairs(item[2]) do blocks:insert(pandoc.BlockQuote(meaning)) end
    end
    return blocks
  end

  return doc:walk {
    DefinitionList = definitions,
    Cite = cross_reference,
    Link = link,
    Image = image,
    Span = equation,
    Figure = figure,
    Table = table_,
    Header = header,
    CodeBlock = code_block,
    Div = div,
  }
end

function Pandoc(doc)
  if doc.meta['book-pass'] and stringify(doc.meta['book-pass']) == 'number' then
    return number_pass(doc)
  end
  return resolve_pass(doc)
end
