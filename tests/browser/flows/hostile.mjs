// Whatever people type is shown as text, everywhere: nothing of it runs, nothing of it is a tag or leads anywhere unsafe.

import { assert, flow } from '../flow.mjs';
import { ATTACKS, HOSTILE } from '../seed.mjs';

// What runs calls this; the flow's visitor hears of it.
const TRAP = 'window.ran = () => { window.hasRun = true; console.error("something that was typed has run"); };';

async function isTame(visitor) {
  const found = await visitor.page.evaluate(() => {
    const wild = document.querySelectorAll('main script, main iframe, main img, main style, main base, main object, main embed, [onerror], [onload], [onclick]');
    const links = [...document.querySelectorAll('a[href]')].filter((link) => !['http:', 'https:', 'mailto:'].includes(link.protocol));
    const forms = [...document.forms].filter((form) => new URL(form.action).origin !== location.origin);
    return { ran: window.hasRun ?? false, wild: [...wild, ...links, ...forms].map((element) => element.outerHTML.slice(0, 200)) };
  });
  assert.deepEqual(found, { ran: false, wild: [] }, visitor.where());
}

flow('nothing that somebody typed runs, wherever it is shown', async (world) => {
  const all = ATTACKS.join('\n\n');
  const project = await world.project(HOSTILE.slice(0, 80), undefined, [
    ...ATTACKS.map((attack) => ({ title: attack, given: `${attack} and more of it`, when: `${attack} and more of it`, then: `${attack} and more of it` })),
    { title: 'All of it at once', given: all, when: all, then: all, notes: all, comments: [all, ...ATTACKS] },
  ]);
  await world.admin(['token', 'create', '--project', `acme/${project.code}`, '--name', HOSTILE.slice(0, 80), '--preset', 'report']);
  const visitor = await world.visitor({ who: 'hostile' });
  await visitor.context.addInitScript(TRAP);
  const last = project.tickets.at(-1);
  await world.api(world.token, 'PATCH', `/api/v1/tickets/${last.id}`, { ticket: { status: 'in_progress' } });
  const pages = [
    '/workspace',
    project.path,
    `${project.path}?q=${encodeURIComponent(HOSTILE)}`,
    `/workspace/search?q=${encodeURIComponent('ran')}`,
    last.path,
    `${last.path}/edit`,
    project.tickets[0].path,
    `${project.path}/tickets/new?title=${encodeURIComponent(HOSTILE)}`,
    `${project.path}/settings`,
    `${project.path}/settings/api-token`,
    `/workspace/organizations/${world.organization.id}/members`,
    '/account/settings',
    '/account/settings/api',
  ];
  for (const path of pages) {
    await visitor.page.goto(path);
    await visitor.settled();
    await isTame(visitor);
    await visitor.look('hostile');
  }
  // A form that comes back shows what was typed.
  visitor.expect(422);
  await visitor.page.goto(`${project.path}/tickets/new`);
  await visitor.page.locator('form', { has: visitor.button('Create ticket') }).evaluate((form) => (form.noValidate = true));
  await visitor.fill({ Title: HOSTILE, Given: HOSTILE, When: '<x>', Then: HOSTILE, Notes: all });
  await visitor.button('Create ticket').click();
  await visitor.page.getByRole('alert').first().waitFor();
  await isTame(visitor);
  assert.equal(await visitor.label('Title').inputValue(), HOSTILE);
  visitor.check();
});

flow('a way back to another host is not taken after signing in', async (world) => {
  for (const back of ['//evil.example/', 'https://evil.example/', '/\\evil.example', 'javascript:ran()', '/%0d%0aLocation:https://evil.example/']) {
    const visitor = await world.visitor({ javascript: false });
    await visitor.page.goto(`/login?next=${encodeURIComponent(back)}`);
    const href = await visitor.page.evaluate(() => [...document.querySelectorAll('input[name=next]')].map((input) => input.value));
    for (const value of href) assert.match(value, /^(\/(?![/\\])|$)/, `${back} is kept as ${value}`);
    visitor.check();
  }
});
