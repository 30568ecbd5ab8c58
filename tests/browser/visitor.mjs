// Somebody with a browser, and what every page that they see must keep to: accessible in light and dark, no wider than the window,
// nothing said on the console, nothing asked of another host, nothing run that somebody typed.

import assert from 'node:assert/strict';

import { AXE } from './browser.mjs';

const WIDTHS = [1280, 375, 360];
// Between a phone and a slightly smaller one only places and sizes differ: the smaller one is looked at for all else.
const ALMOST = 375;
const HEIGHT = 900;
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// Of all that axe looks at, only these depend on places and sizes,
const OF_SIZE = ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'];
// and only these on the scheme: what has been judged in light need not be judged again in dark but for them.
const OF_COLOUR = ['color-contrast', 'link-in-text-block'];
// Chromium says so of every answer that is no success, whatever the page does with it.
const REFUSAL = /Failed to load resource: the server responded with a status of (\d+)|Response Status Error Code (\d+) from/;

export class Visitor {
  #problems = [];
  #refusals = new Set();

  static async open(world, { javascript, who, width = WIDTHS[0], ...more }) {
    const visitor = new Visitor();
    Object.assign(visitor, { world, javascript, who, width });
    visitor.context = await world.browser.newContext({
      baseURL: world.url,
      javaScriptEnabled: javascript,
      viewport: { width, height: HEIGHT },
      // Colours are measured where they end.
      reducedMotion: 'reduce',
      locale: 'en-GB',
      ...more,
    });
    visitor.context.setDefaultTimeout(10_000);
    visitor.#watch();
    visitor.page = await visitor.context.newPage();
    return visitor;
  }

  #watch() {
    const own = new URL(this.world.url).host;
    this.context.on('console', (message) => {
      const refusal = REFUSAL.exec(message.text());
      if (refusal && this.#refusals.has(Number(refusal[1] ?? refusal[2]))) return;
      if (['error', 'warning'].includes(message.type())) this.#found(`the console says: ${message.text()}`);
    });
    this.context.on('weberror', (error) => this.#found(`the script threw: ${error.error()}`));
    this.context.on('dialog', (dialog) => {
      this.#found(`a dialog opened: ${dialog.message()}`);
      dialog.dismiss();
    });
    this.context.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (host !== own && protocol !== 'data:') this.#found(`another host was asked: ${request.url()}`);
    });
    this.context.on('page', (page) => page.on('crash', () => this.#found('the page crashed')));
  }

  #found(what) {
    this.#problems.push(`${what} (at ${this.where()})`);
  }

  where() {
    return this.page ? this.page.url().replace(this.world.url, '') : 'nowhere';
  }

  // Throws if anything was found that must not be.
  check() {
    const problems = this.#problems.splice(0);
    assert.ok(problems.length === 0, problems.join('\n'));
  }

  end() {
    return this.context.close();
  }

  // Answers with this status are expected from here on.
  expect(...statuses) {
    for (const status of statuses) this.#refusals.add(status);
  }

  // Opens a page, and looks at it.
  async go(path, { status = 200, name } = {}) {
    if (status >= 400) this.expect(status);
    const answer = await this.page.goto(path);
    assert.ok(answer.status() === status, `${path} is answered ${answer.status()}, not ${status}`);
    await this.look(name ?? (status === 200 ? '' : String(status)));
    return answer;
  }

  // Does what leads to another page (or this one again), waits for it, and looks at it.
  async does(act, { url, name } = {}) {
    await act();
    if (url) await this.page.waitForURL(url, { waitUntil: 'load' });
    await this.settled();
    await this.look(name);
  }

  // Nothing is on its way any more: no page, no swap.
  async settled() {
    await this.page.waitForLoadState('load');
    if (!this.javascript) return;
    await this.page.waitForFunction(() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling'));
  }

  // Judges the page as it is now. Once for each page, reader and state: `name` tells states apart.
  async look(name = '') {
    this.check();
    const path = this.where().replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ':id').replace(/[?#].*$/, '');
    const key = [path, this.who, name, this.javascript].join(' ');
    const seen = this.world.examined;
    if (seen.has(key)) return seen.get(key);
    const judging = this.#judge(`${path}${name && ` (${name})`}`);
    seen.set(key, judging);
    await judging;
    return undefined;
  }

  async #judge(what) {
    const found = [];
    for (const width of WIDTHS) {
      await this.page.setViewportSize({ width, height: HEIGHT });
      const wide = await this.page.evaluate(() => {
        const room = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= room) return null;
        // What scrolls in itself makes nothing else wider.
        const scrolls = (element) => element !== document.body && getComputedStyle(element).overflowX !== 'visible';
        const held = (element) => element && (scrolls(element) || held(element.parentElement));
        const out = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > room + 1 && !held(element.parentElement));
        return out.slice(-3).map((element) => element.outerHTML.slice(0, 120)).join(' … ') || 'something';
      });
      if (wide) found.push(`at ${width} px it scrolls sideways: ${wide}`);
      if (this.javascript) {
        for (const [colorScheme, runOnly] of [['light', width === ALMOST ? OF_SIZE : TAGS], ['dark', OF_COLOUR]]) {
          await this.page.emulateMedia({ colorScheme });
          for (const violation of await this.#violations(runOnly)) found.push(`at ${width} px, ${colorScheme}: ${violation}`);
        }
      }
    }
    await this.page.setViewportSize({ width: this.width, height: HEIGHT });
    if (this.javascript) await this.page.emulateMedia({ colorScheme: 'light' });
    const ran = this.javascript ? await this.page.evaluate(() => window.hasRun ?? false) : false;
    if (ran) found.push('something that was typed has run');
    assert.ok(found.length === 0, `${what}:\n${found.join('\n')}`);
    this.check();
  }

  async #violations(runOnly) {
    if (!(await this.page.evaluate(() => 'axe' in window))) await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async (runOnly) => {
      const { violations } = await window.axe.run(document, { runOnly, resultTypes: ['violations'], preload: false });
      return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`).join(' … ')}`);
    }, runOnly);
    return violations;
  }

  // The control with this label.
  label(text) {
    return this.page.getByLabel(text, { exact: true });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name) {
    return this.page.getByRole('link', { name, exact: true });
  }

  heading(name) {
    return this.page.getByRole('heading', { name });
  }

  // The page has this text where one can see it.
  async sees(text) {
    await this.page.locator('body').getByText(text).filter({ visible: true }).first().waitFor();
  }

  async seesNot(text) {
    assert.equal(await this.page.locator('body').getByText(text).filter({ visible: true }).count(), 0, `${this.where()} shows ${text}`);
  }

  // The focus is on something, which is what people without a mouse have to go on.
  async keepsFocus() {
    const name = await this.page.evaluate(() => document.activeElement?.tagName ?? 'nothing');
    assert.notEqual(name, 'BODY', `the focus is lost at ${this.where()}`);
  }

  // Fills in fields by their labels.
  async fill(fields) {
    for (const [label, value] of Object.entries(fields)) await this.label(label).fill(value);
  }

  async signIn(email, password) {
    await this.page.goto('/login');
    await this.fill({ 'E-mail': email, Password: password });
    await this.button('Sign in').click();
    await this.page.waitForURL((url) => url.pathname !== '/login');
  }
}
