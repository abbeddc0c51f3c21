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

  const anyOf = (words) => {
    const plain = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`(${plain.join('|')})`, 'i');
  };
  const marked = (text, pattern) => text.split(pattern)
    .map((piece, i) => (i % 2 ? make('mark', piece) : piece));
  const around = (text, pattern) => {
    const start = Math.max(0, text.search(pattern) - 40);
    const end = start + 130;
    return (start ? '…' : '') + text.slice(start, end) + (end < text.length ? '…' : '');
  };

  // Sections that have all words, those first that have most of them in their title.
  const find = (words) => {
    const hits = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
    return window.searchIndex
      .filter(({ title, text }) => words.length && hits(`${title} ${text}`) === words.length)
      .sort((a, b) => hits(b.title) - hits(a.title));
  };

  const show = () => {
    if (!window.searchIndex) return;
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = find(words);
    const pattern = anyOf(words);
    list.replaceChildren(...found.slice(0, shown).map((section) => {
      const chapter = window.searchIndex.find((own) => own.page === section.page).title;
      const link = make('a', make('strong', ...marked(section.title, pattern)));
      link.href = new URL(section.page + (section.id && `#${section.id}`), site);
      if (section.id) link.append(make('small', chapter));
      link.append(make('span', ...marked(around(section.text, pattern), pattern)));
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
      event.stopPropagation();  // which would close the menu
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
