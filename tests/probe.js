// What is wrong with the page this runs in, and the ids and links that it has. All is unfolded first.
(async () => {
  const faults = new Set();
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const name = (element) => element.cloneNode(false).outerHTML.replace(/<\/.*/, '').slice(0, 160)
    + element.textContent.trim().replace(/\s+/g, ' ').slice(0, 40);

  for (const details of all('details')) details.open = true;
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);  // observers have seen it
  for (const image of all('img[src]')) {
    image.loading = 'eager';
    await image.decode().catch(() => {});
    if (!image.naturalWidth) faults.add(`no picture: ${name(image)}`);
    if (!image.alt) faults.add(`no alternative text: ${name(image)}`);
  }

  // Sizes -----------------------------------------------------------------------------------
  const page = document.scrollingElement;
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflow);
  const inScroller = (element) => element !== page && element !== document.body
    && (scrolls(element) || (element.parentElement && inScroller(element.parentElement)));
  if (page.scrollWidth > page.clientWidth) {
    const wide = all('body *').filter((element) => shown(element) && !inScroller(element)
      && element.getBoundingClientRect().right > page.clientWidth + 1);
    faults.add(`scrolls sideways: ${wide.slice(0, 3).map(name).join(' | ')}`);
  }
  const focusable = 'a[href]:not([tabindex="-1"]), button, input, summary, [tabindex="0"]';
  for (const element of all('body *').filter((own) => shown(own) && scrolls(own))) {
    const over = element.scrollWidth > element.clientWidth + 1
      || element.scrollHeight > element.clientHeight + 1;
    if (over && !element.matches(focusable) && !element.querySelector(focusable)) {
      faults.add(`scrolls without a keyboard's reach: ${name(element)}`);
    }
  }

  // Names -----------------------------------------------------------------------------------
  const ids = all('[id]').map((element) => element.id);
  for (const id of ids.filter((own, i) => ids.indexOf(own) !== i)) faults.add(`id twice: ${id}`);
  for (const element of all(focusable)) {
    const label = element.getAttribute('aria-label') || element.alt
      || (element.matches('div, pre') ? '' : element.textContent.trim());
    if (!label) faults.add(`no name: ${name(element)}`);
  }
  let level = 0;
  for (const heading of all('h1, h2, h3, h4, h5, h6').filter(shown)) {
    if (heading.tagName[1] > level + 1) faults.add(`skips a level: ${name(heading)}`);
    level = Number(heading.tagName[1]);
  }

  // Contrast --------------------------------------------------------------------------------
  const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = (colour, opacity = 1) => {
    pixel.globalAlpha = opacity;
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((own) => own / 255)
      .map((own) => (own <= 0.04045 ? own / 12.92 : ((own + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = new Map();
  const ground = (element) => {
    if (!element) return paint(getComputedStyle(page).colorScheme === 'dark' ? '#121212' : '#fff');
    if (!grounds.has(element)) {
      const [r, g, b] = ground(element.parentElement);
      paint(`rgb(${r} ${g} ${b})`);
      grounds.set(element, paint(getComputedStyle(element).backgroundColor));
    }
    return grounds.get(element);
  };
  const opacity = (element) => (element
    ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1);
  const read = (element, style, faint) => {
    const [r, g, b] = ground(element);
    paint(`rgb(${r} ${g} ${b})`);
    const under = luminance(paint(style.backgroundColor));
    const over = luminance(paint(style.color, opacity(element) * faint));
    const ratio = (Math.max(under, over) + 0.05) / (Math.min(under, over) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      const kind = `${element.tagName.toLowerCase()}.${element.className}`;
      const inside = element.parentElement.className || element.parentElement.tagName;
      faults.add(`contrast ${ratio.toFixed(2)}: ${kind} in ${inside}`);
    }
  };
  for (const element of all('body *').filter(shown)) {
    if ([...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) {
      read(element, getComputedStyle(element), 1);
    }
    for (const part of ['::before', '::after']) {
      const style = getComputedStyle(element, part);
      if (!['none', 'normal', '""'].includes(style.content)) read(element, style, style.opacity);
    }
  }
  return { faults: [...faults], ids, links: all('a[href]').map((link) => link.href) };
})()
