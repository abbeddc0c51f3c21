/* The search in the sidebar. Its index is a script, since a page opened from a disk may read no other
   file, and is loaded once someone wants to search. All that is shown is inserted as text. */
(() => {
  const site = new URL('..', document.currentScript.src);
  const form = document.querySelector('form.search');
  const input = form.querySelector('input');
  const list = form.querySelector('ol');
  const status = form.querySelector('[role="status"]');
  const shown = 20;
  form.hidden = false;

  const make = (tag, ...content) => {
    const element = document.createElement(tag);
    element.append(...content);
    return element;
  };

  // Text with the words in it marked.
  const marked = (text, words) => {
    const plain = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const pieces = text.split(new RegExp(`(${plain.join('|')})`, 'i'));
    return pieces.map((piece, i) => (i % 2 ? make('mark', piece) : piece));
  };

  const snippet = (text, words) => {
    const at = Math.max(0, Math.min(...words.map((word) => {
      const found = text.toLowerCase().indexOf(word);
      return found < 0 ? Infinity : found;
    })));
    const start = at < text.length ? Math.max(0, at - 40) : 0;
    return (start ? '…' : '') + text.slice(start, start + 130) + (start + 130 < text.length ? '…' : '');
  };

  // Sections that have all words, those first that have most of them in their title.
  const find = (words) => {
    const hits = [];
    for (const section of window.searchIndex) {
      const title = section.title.toLowerCase();
      const text = section.text.toLowerCase();
      if (words.every((word) => title.includes(word) || text.includes(word))) {
        hits.push({ section, inTitle: words.filter((word) => title.includes(word)).length });
      }
    }
    return hits.sort((a, b) => b.inTitle - a.inTitle).map((hit) => hit.section);
  };

  const show = () => {
    if (!window.searchIndex) return;
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? find(words) : [];
    list.replaceChildren(...found.slice(0, shown).map((section) => {
      const chapter = window.searchIndex.find((own) => own.page === section.page).title;
      const link = make('a', make('strong', ...marked(section.title, words)));
      link.href = new URL(section.page + (section.id && `#${section.id}`), site);
      if (section.id) link.append(make('small', chapter));
      link.append(make('span', ...marked(snippet(section.text, words), words)));
      return make('li', link);
    }));
    const more = found.length > shown ? `, the first ${shown} of them here` : '';
    const counted = `${found.length} section${found.length === 1 ? '' : 's'}${more}`;
    status.textContent = words.length ? counted : '';
  };

  input.addEventListener('focus', () => {
    const index = make('script');
    index.src = new URL('site/search-index.js', site);
    index.addEventListener('load', show);
    document.head.append(index);
  }, { once: true });
  input.addEventListener('input', show);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    list.querySelector('a')?.click();
  });
  form.addEventListener('keydown', (event) => {
    const stops = [input, ...list.querySelectorAll('a')];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      stops[stops.indexOf(document.activeElement) + step]?.focus();
    } else if (event.key === 'Escape' && input.value) {
      event.preventDefault();
      event.stopPropagation();
      input.value = '';
      input.focus();
      show();
    }
  });
  document.addEventListener('keydown', (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key !== '/' || !plain || event.target.closest('input, textarea')) return;
    event.preventDefault();
    if (!form.checkVisibility({ visibilityProperty: true })) document.querySelector('.menu').click();
    input.focus();
  });
})();
