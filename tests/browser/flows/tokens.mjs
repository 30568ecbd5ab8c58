// Tokens: made in a page, shown once, good for the API, and worthless the moment they are revoked.

import { assert, bothFlows, until } from '../flow.mjs';

// What the page shows, which must be a whole token.
async function shown(visitor, kind) {
  const token = (await visitor.page.locator('#secret').textContent()).replace(/\s/g, '');
  assert.match(token, new RegExp(`^${kind}_bt1[0-9A-Za-z]{30,}$`));
  return token;
}

const works = (world, token, status = 200) => world.api(token, 'GET', '/api/v1/tokens/current', undefined, status);

bothFlows('a personal token is made, used, rotated and revoked', async (world, { javascript }) => {
  const name = `laptop ${javascript}`;
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go('/account/settings/api');
  await visitor.label('Name').fill(name);
  await visitor.label('Expires').selectOption({ label: 'in 30 days' });
  await visitor.page.getByRole('radio', { name: /^Read only/ }).check();
  await visitor.does(() => visitor.button('Generate token').click(), { name: 'created' });
  const token = await shown(visitor, 'pk');
  const current = await works(world, token);
  assert.equal(current.name, name);

  // It is shown once: not by going back and forth, not by asking again.
  await visitor.go('/account/settings/api');
  assert.ok(!(await visitor.page.content()).includes(token));
  // Nor can the form be sent again from there.
  await visitor.page.goBack().catch(() => {});
  await visitor.page.waitForLoadState('load');
  assert.ok(!(await visitor.page.content()).includes(token), 'the button back shows the token again');

  await visitor.go('/account/settings/api');
  await visitor.sees(name);
  const row = () => visitor.page.getByRole('row', { name: new RegExp(name) }).first();
  await visitor.does(() => row().getByRole('link', { name: /^Rotate/ }).click(), { name: 'rotating' });
  await visitor.does(() => visitor.button('Rotate').click(), { name: 'rotated' });
  const next = await shown(visitor, 'pk');
  assert.notEqual(next, token);
  await works(world, next);

  await visitor.go('/account/settings/api');
  const newest = visitor.page.getByRole('row').filter({ has: visitor.page.locator('code.token', { hasText: next.slice(-4) }) });
  await visitor.does(() => newest.getByRole('link', { name: /^Revoke/ }).click(), { name: 'revoking' });
  await visitor.does(() => visitor.button('Revoke it now').click(), { name: 'revoked' });
  await works(world, next, 401);
});

bothFlows('a project token is made, and may only report', async (world, { javascript }) => {
  const project = await world.project('Web shop');
  const visitor = await world.visitor({ who: 'owner', javascript });
  await visitor.go(`${project.path}/settings/api-token`);
  await visitor.label('Name').fill('the CI');
  await visitor.does(() => visitor.button('Generate API Token').click(), { name: 'created' });
  const token = await shown(visitor, 'proj');
  const ticket = { title: 'Nightly run failed', given: 'branch main at night', when: 'the job end-to-end runs', then: 'it passes; instead it failed' };
  await world.api(token, 'POST', '/api/v1/tickets', { ticket });
  await world.api(token, 'GET', '/api/v1/tickets', undefined, 403);

  await visitor.go(`${project.path}/settings/api-token`);
  const row = visitor.page.getByRole('row').filter({ hasText: 'the CI' });
  await visitor.does(() => row.getByRole('link', { name: /^Revoke/ }).click(), { name: 'revoking' });
  await visitor.does(() => visitor.button('Revoke it now').click(), { name: 'revoked' });
  await world.api(token, 'POST', '/api/v1/tickets', { ticket }, 401);
});

bothFlows('a token that rotated itself, was tried and was found is shown until it is dismissed', async (world, { javascript }) => {
  const name = `agent ${javascript}`;
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go('/account/settings/api');
  await visitor.label('Name').fill(name);
  await visitor.does(() => visitor.button('Generate token').click(), { name: 'created' });
  const token = await shown(visitor, 'pk');
  const { token: next } = await world.api(token, 'POST', '/api/v1/tokens/current/rotate', {}, 201);
  await works(world, token, 401);
  await world.api(undefined, 'POST', '/api/v1/tokens/revoke', { token }, 200);

  await visitor.go('/account/settings/api', { name: 'alerts' });
  // That it was tried after it had stopped is written down a while later, so that it may be there or not: by its kind each is known.
  const alert = (kind) => visitor.page.getByRole('region', { name: 'To look at' }).getByRole('listitem').filter({ hasText: name }).filter({ hasText: kind });
  const [rotated, found] = [alert('rotated itself'), alert('was found by somebody')];
  for (const one of [rotated, found]) assert.equal(await one.count(), 1);
  await visitor.sees('A predecessor was found');
  await visitor.does(() => found.getByRole('link', { name: /^Revoke its chain/ }).click(), { name: 'revoking what followed' });
  await visitor.does(() => visitor.button('Revoke them now').click(), { name: 'revoked what followed' });
  await works(world, next, 401);
  for (const [at, one] of [rotated, found].entries()) {
    await visitor.does(() => one.getByRole('button', { name: /^Dismiss/ }).click(), { name: `dismissed ${at + 1}` });
    await until('what was dismissed is gone', async () => (await one.count()) === 0);
  }
});
