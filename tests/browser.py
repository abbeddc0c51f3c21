"""Pages in a headless Chromium, which is asked over a pipe in the DevTools protocol."""

import itertools
import json
import shutil
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
PROBE = Path(__file__).with_name("probe.js").read_text(encoding="utf-8")
WIDE, NARROW = 1280, 390
"""Pixels of a laptop and of a phone."""

KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, "")}
"""Code of a key that writes nothing, and its text."""

STILL = """async (selector) => {
  const element = document.querySelector(selector);
  for (let before = '', now; ; before = now) {
    element.scrollIntoView({ block: 'center', behavior: 'instant' });
    await new Promise((done) => setTimeout(done, 100));
    now = JSON.stringify(element.getBoundingClientRect());
    if (now === before) return JSON.parse(now);
  }
}"""
"""Where an element is on the screen, once it is there."""


class Tab:
    """One tab, with real keys and clicks: `with Tab(folder) as tab`; ends after ten minutes."""

    def __init__(self, profile: Path):
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        # The browser reads and writes the protocol on descriptors 3 and 4.
        pipes = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'
        self._process = subprocess.Popen(
            ["sh", "-c", pipes, "sh", BROWSER, *flags, f"--user-data-dir={profile}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._limit = threading.Timer(600, self._process.kill)
        self._limit.start()
        self._numbers = itertools.count()
        self._session: dict[str, str] = {}
        self.events: list[dict] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.look(WIDE, "light")

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *_) -> None:
        self._limit.cancel()
        self._process.kill()
        self._process.communicate()

    def ask(self, method: str, **params):
        """The answer to a command; events that come before it are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        self._process.stdin.flush()
        while (answer := self._read()).get("id") != number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _read(self) -> dict:
        content = bytearray()
        while (byte := self._process.stdout.read(1)) != b"\0":
            if not byte:
                raise RuntimeError("the browser has ended")
            content += byte
        return json.loads(content)

    def look(self, width: int, theme: str) -> None:
        """Have a screen of this width, on a system of this theme."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == NARROW}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def open(self, page: Path) -> None:
        """Load a page; `events` are then its own."""
        self.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def js(self, code: str):
        """The value of an expression in the page; of a promise, what it brings."""
        asked = {"awaitPromise": True, "returnByValue": True, "userGesture": True}
        done = self.ask("Runtime.evaluate", expression=code, **asked)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["exception"]["description"])
        return done["result"].get("value")

    def wait(self, code: str) -> None:
        """Until an expression is true."""
        end = time.monotonic() + 10
        while not self.js(f"Boolean({code})"):
            assert time.monotonic() < end, f"never true: {code}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press a key, or write a text where the focus is."""
        code, text = KEYS.get(key, (0, key))
        if not code and len(key) > 1:
            self.ask("Input.insertText", text=key)
            return
        pressed = {"key": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def click(self, selector: str) -> None:
        """Click into the middle of an element, once it stands still: pictures come late."""
        box = self.js(f"({STILL})({json.dumps(selector)})")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **at)

    def said(self) -> list[str]:
        """What the console told of the page, and what the page asked other hosts for."""
        found = []
        for event in self.events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", details).get("description", details["text"]))
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(f"console: {[own.get('value') for own in params['args']]}")
            elif event["method"] == "Log.entryAdded":
                entry = params["entry"]
                found.append(f"console: {entry['text']} {entry.get('url', '')}")
            elif event["method"] == "Network.requestWillBeSent":
                url = params["request"]["url"]
                if urlsplit(url).scheme not in ("file", "data"):
                    found.append(f"asks another host: {url}")
        return found


def page_faults(tab: Tab, site: Path) -> list[str]:
    """What is wrong with the pages below a folder: each by page, theme and width."""
    pages = sorted(site.rglob("*.html"))
    ids: dict[Path, list[str]] = {}
    links: dict[Path, list[str]] = {}
    found = []
    for page, theme, width in itertools.product(pages, ("light", "dark"), (WIDE, NARROW)):
        tab.look(width, theme)
        tab.open(page)
        seen = tab.js(PROBE)
        ids[page], links[page] = seen["ids"], seen["links"]
        where = f"{page.relative_to(site)}, {theme}, {width} px"
        found += [f"{where}: {fault}" for fault in seen["faults"] + tab.said()]
    for page in pages:
        lost = [own for own in links[page] if not _leads_somewhere(own, ids)]
        found += [f"{page.relative_to(site)}: the link {own} leads nowhere" for own in lost]
    return found


def _leads_somewhere(address: str, ids: dict[Path, list[str]]) -> bool:
    """Whether a link to a file finds it, and the place in it; others are not followed."""
    url, name = urldefrag(address)
    target = Path(unquote(urlsplit(url).path))
    if urlsplit(url).scheme != "file":
        return True
    return target.is_file() and (not name or unquote(name) in ids[target])
