/* The pages work without this file: it adds the theme switch, the menu of small screens,
   figures that enlarge, buttons that copy code, stops of the keyboard where something scrolls, and
   the mark of the section in view. */
(() => {
  const root = document.documentElement;

  const themeButton = document.querySelector('button.theme');
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset.theme ?? (prefersDark.matches ? 'dark' : 'light')) === 'dark';
  themeButton.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try { localStorage.setItem('theme', root.dataset.theme); } catch (error) { /* private mode */ }
  });

  const menu = document.querySelector('button.menu');
  const backdrop = document.querySelector('.backdrop');
  const setMenu = (open) => {
    root.classList.toggle('menu-open', open);
    menu.setAttribute('aria-expanded', String(open));
    backdrop.hidden = !open;
  };
  menu.addEventListener('click', () => setMenu(!root.classList.contains('menu-open')));
  backdrop.addEventListener('click', () => setMenu(false));
  document.querySelector('.sidebar').addEventListener('click', (event) => {
    if (event.target.closest('a')) setMenu(false);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !root.classList.contains('menu-open')) return;
    setMenu(false);
    menu.focus();
  });

  const lightbox = document.querySelector('dialog.lightbox');
  const enlarged = lightbox.querySelector('img');
  for (const image of document.querySelectorAll('figure.fig img')) {
    const open = () => {
      enlarged.src = image.src;
      enlarged.alt = image.alt;
      lightbox.showModal();
    };
    image.tabIndex = 0;
    image.setAttribute('role', 'button');
    image.addEventListener('click', open);
    image.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      open();
    });
  }
  lightbox.addEventListener('click', () => lightbox.close());

  for (const code of navigator.clipboard ? document.querySelectorAll('pre.sourceCode') : []) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', () => {
      navigator.clipboard.writeText(code.querySelector('code').textContent).then(
        () => { button.textContent = 'Copied'; },
        () => { button.textContent = 'Not allowed'; },
      );
      setTimeout(() => { button.textContent = 'Copy'; }, 2000);
    });
    code.before(button);
  }

  // What scrolls sideways is a stop of the keyboard with a name; what does not is none.
  const reach = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const scrolls = target.scrollWidth > target.clientWidth;
      if (scrolls) target.tabIndex = 0; else target.removeAttribute('tabindex');
    }
  });
  for (const wide of document.querySelectorAll('.table-scroll, pre, math[display="block"]')) {
    reach.observe(wide);
    if (wide.matches('math')) continue;  // which says itself what it is
    const label = wide.closest('figure')?.querySelector('.caption-label')?.textContent;
    wide.setAttribute('role', 'group');
    wide.setAttribute('aria-label', label ?? (wide.matches('.output') ? 'Output' : 'Code'));
  }

  const links = new Map();
  for (const link of document.querySelectorAll('.on-page a, .sidebar .current ul a')) {
    const id = decodeURIComponent(link.hash.slice(1));
    if (!links.has(id)) links.set(id, []);
    links.get(id).push(link);
  }
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  const mark = () => {
    const above = headings.filter((heading) => heading.getBoundingClientRect().top < 120);
    const current = above.length ? above[above.length - 1].id : null;
    for (const [id, entries] of links) {
      for (const entry of entries) entry.classList.toggle('in-view', id === current);
    }
  };
  let waiting = false;
  addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  mark();
})();
