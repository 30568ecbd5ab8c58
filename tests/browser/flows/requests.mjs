// No ticket puts a request of its own into a reader's browser: whatever is written in it, wherever it is shown, whichever of its links is followed;
// and each of the layers that see to that does so by itself.

import { assert, flow } from '../flow.mjs';
import { AUTO, LINK, PAYLOADS, links } from '../payloads.mjs';

// The address that payloads ask for; words in a query are encoded, and are no request for it.
const ACTS = new RegExp(`[?/]${AUTO}`);

// All that the browser asks for that a reader did not: what acts by itself, and whatever is no GET.
function watch(visitor) {
  const asked = [];
  visitor.context.on('request', (request) => {
    if (ACTS.test(request.url()) || request.method() !== 'GET') asked.push(`${request.method()} ${request.url()}`);
  });
  return asked;
}

const ATTACK = `<div hx-get="/workspace?${AUTO}" hx-trigger="load">x</div>`;

// Opens a ticket whose link leads to hostile words, follows the link, and tells what the browser asked for then. Finding 1: the layers are
// (a) the script puts in marked pages alone, (b) written text does not act, (c) no file is given to htmx, (d) JSON holds no tag.
async function followed(world, { target, layers }) {
  const visitor = await world.visitor({ who: 'owner' });
  visitor.expect(400, 401, 404);
  const asked = watch(visitor);
  const off = (layer) => !layers.includes(layer);
  const dropped = [...(off('a') ? ['htmx:beforeSwap'] : []), ...(off('b') ? ['htmx:confirm'] : [])];
  // The script's first listener for an event is the one that guards.
  await visitor.context.addInitScript((names) => {
    const add = Document.prototype.addEventListener;
    Document.prototype.addEventListener = function (name, ...rest) {
      const at = names.indexOf(name);
      if (at >= 0) names.splice(at, 1);
      else add.call(this, name, ...rest);
    };
  }, dropped);
  const ticket = world.attack;
  await visitor.context.route(`**${ticket.path}`, async (route) => {
    const answer = await route.fetch();
    const text = await answer.text();
    assert.match(text, / hx-disable>/);
    await route.fulfill({ response: answer, body: off('b') ? text.replaceAll(' hx-disable>', '>') : text });
  });
  const path = target === 'file' ? `${ticket.path}/gherkin` : `/api/v1/tickets?${encodeURIComponent(ATTACK)}=1`;
  await visitor.context.route((url) => url.href.startsWith(world.url + path), async (route) => {
    const { 'hx-request': _, ...headers } = route.request().headers();
    // Without (c) a file is given to whoever asks; without (d) an error repeats what was sent.
    if (target === 'file' && off('c')) await route.fulfill({ contentType: 'text/plain', body: ATTACK });
    else if (target === 'error' && off('d')) await route.fulfill({ status: 400, contentType: 'application/json', body: `{"message":"${ATTACK}"}` });
    else await route.continue({ headers: off('c') ? headers : route.request().headers() });
  });
  await visitor.page.goto(ticket.path);
  await visitor.settled();
  assert.deepEqual(asked, [], 'nothing acts before a link is followed');
  const link = visitor.page.locator(`.gwt a[href*="${target === 'file' ? 'gherkin' : '/api/v1/'}"]`);
  const over = visitor.context.waitForEvent('response', (response) => response.url().includes(LINK));
  await link.click();
  await over;
  await visitor.page.waitForTimeout(500);
  visitor.check();
  return asked;
}

flow('each layer by itself keeps a hostile answer from acting', async (world) => {
  const project = await world.project('Layers', undefined, [{ title: 'The file', given: `${ATTACK} is here`, when: 'a link leads', then: 'it is only text' }]);
  const [file] = project.tickets;
  const to = `[file](${world.url}${file.path}/gherkin?${LINK}) and [error](${world.url}/api/v1/tickets?${encodeURIComponent(ATTACK)}=1&${LINK})`;
  await world.api(project.token, 'PATCH', `/api/v1/tickets/${file.id}`, { ticket: { when: to } });
  world.attack = file;
  for (const target of ['file', 'error']) {
    const unguarded = await followed(world, { target, layers: '' });
    assert.ok(unguarded.length > 0, `without any layer the ${target} acts: the flow would see it`);
    for (const layer of target === 'file' ? 'abc' : 'abd') {
      assert.deepEqual(await followed(world, { target, layers: layer }), [], `layer ${layer} by itself, ${target}`);
    }
    assert.deepEqual(await followed(world, { target, layers: 'abcd' }), [], target);
  }
});

// The fields of one ticket, all hostile.
function hostile(words) {
  const text = `${words}\n\nand more of it`;
  return { title: words.replace(/\s+/g, ' ').replaceAll('\u0000', '').slice(0, 200), given: text, when: text, then: text, notes: text, comments: [text] };
}

flow('no ticket puts a request of its own into a reader’s browser', async (world) => {
  const payloads = PAYLOADS.map((payload) => payload.replaceAll('\u0000', ''));
  const short = payloads.filter((payload) => payload.length <= 80 && !/[\n\f]/.test(payload));
  assert.ok(payloads.length > 50 && short.length > 5);
  const project = await world.project(short[0], undefined, [...payloads.map(hostile), hostile(payloads.join('\n\n'))]);
  for (const name of short) await world.admin(['token', 'create', '--project', `acme/${project.code}`, '--name', name, '--preset', 'report']);
  for (const name of short.slice(0, 3)) await world.admin(['token', 'create', '--user', 'olga@example.org', '--name', name, '--preset', 'read']);
  await world.api(world.token, 'PATCH', `/api/v1/projects/${project.id}`, { project: { description: payloads.join('\n').slice(0, 2_000) } });
  const owner = await world.visitor({ who: 'owner' });
  owner.expect(400, 401, 403, 404, 405, 422);
  const asked = watch(owner);
  const look = async (path) => {
    await owner.page.goto(path);
    await owner.settled();
    assert.deepEqual(asked, [], path);
    owner.check();
  };
  for (const ticket of project.tickets) await look(ticket.path);
  const last = project.tickets.at(-1);
  const { 0: comment } = await world.api(world.token, 'GET', `/api/v1/tickets/${last.id}/comments`);
  const words = encodeURIComponent(ATTACK);
  for (const path of [
    '/workspace',
    project.path,
    `${project.path}?q=${words}`,
    `/workspace/search?q=${words}`,
    `${last.path}/edit`,
    `${last.path}/comments/${comment.id}/edit`,
    `${project.path}/tickets/new?title=${words}`,
    `${project.path}/settings`,
    `${project.path}/settings/delete`,
    `${project.path}/settings/api-token`,
    `/workspace/organizations/${world.organization.id}/members`,
    `/workspace/organizations/${world.organization.id}/settings`,
    '/account/settings',
    '/account/settings/api',
  ]) {
    await look(path);
  }
  // A ticket full of links to whatever answers with others' words; each of them is followed, with JavaScript and without.
  const all = links(world.url, project, last);
  const full = await world.ticket(project, { ...hostile('Links'), notes: all.join('\n\n') });
  const bare = await world.visitor({ who: 'owner', javascript: false });
  bare.expect(400, 401, 403, 404, 405, 422);
  const askedBare = watch(bare);
  await owner.page.goto(full.path);
  assert.equal(await owner.page.locator(`.md a[href*="${LINK}"]`).count(), all.length, 'every link is one');
  for (const [visitor, found] of [[owner, asked], [bare, askedBare]]) {
    for (let at = 0; at < all.length; at += 1) {
      await visitor.page.goto(full.path);
      await visitor.settled();
      const link = visitor.page.locator(`.md a[href*="${LINK}"]`).nth(at);
      const href = await link.getAttribute('href');
      const answered = visitor.context.waitForEvent('response', (response) => response.url().includes(LINK) || response.url().startsWith(`${world.url}/login`));
      await link.click();
      await answered;
      await visitor.page.waitForLoadState('load');
      await visitor.page.waitForTimeout(150);
      assert.deepEqual(found, [], `after following ${href}`);
      visitor.check();
    }
  }
});
