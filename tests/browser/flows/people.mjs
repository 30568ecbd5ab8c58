// People come by an invitation, get in again by a link, and lose everything at once when they are removed.

import { assert, bothFlows, flow } from '../flow.mjs';
import { ORGANIZATION, PASSWORD, PEOPLE } from '../world.mjs';

const members = (world) => `/workspace/organizations/${world.organization.id}/members`;

// The link that the page shows, below the server's own address.
async function link(visitor, kind) {
  const found = new RegExp(`/${kind}/[A-Za-z0-9_-]+`).exec(await visitor.page.locator('main').innerHTML());
  assert.ok(found, `no link to /${kind}/ at ${visitor.where()}`);
  return found[0];
}

bothFlows('somebody comes by an invitation, which works once', async (world, { javascript }) => {
  const email = `nina-${javascript}@example.org`;
  const owner = await world.visitor({ who: 'owner', javascript });
  await owner.go(members(world));
  await owner.page.getByRole('textbox', { name: /^E-mail/ }).fill(email);
  await owner.does(() => owner.button('Make a link').click(), { name: 'invited' });
  const invitation = await link(owner, 'invitations');

  const guest = await world.visitor({ javascript });
  guest.expect(404, 410, 422);
  await guest.go(invitation);
  await guest.sees(new RegExp(ORGANIZATION.name));
  await guest.fill({ 'Your name': 'Nina New', Password: PASSWORD });
  await guest.does(() => guest.page.locator('main form button.solid').click(), { url: (url) => url.pathname.startsWith('/workspace') });
  await guest.go(world.shop.path);

  const late = await world.visitor({ javascript });
  late.expect(404, 410);
  const answer = await late.page.goto(invitation);
  assert.ok([404, 410].includes(answer.status()));
});

flow('who lost the password gets in by a link, which ends all that was', async (world) => {
  const owner = await world.visitor({ who: 'owner' });
  const before = await world.visitor({ who: 'forgetful' });
  await before.go('/workspace');
  await owner.go(members(world));
  await owner.does(() => owner.button(`Reset password of ${PEOPLE.forgetful.name}`).click(), { name: 'reset link' });
  const reset = await link(owner, 'reset');
  const guest = await world.visitor();
  guest.expect(404, 410, 422);
  await guest.go(reset);
  await guest.label('New password').fill('another horse battery');
  await guest.does(() => guest.page.locator('main form button.solid').click(), { name: 'password set' });
  await before.page.goto('/workspace');
  await before.page.waitForURL((url) => url.pathname === '/login');
  const again = await world.visitor();
  await again.signIn(PEOPLE.forgetful.email, 'another horse battery');
});

flow('who is removed sees nothing from the next request on', async (world) => {
  const leaver = await world.visitor({ who: 'leaver' });
  leaver.expect(404);
  await leaver.go(world.shop.path);
  await world.admin(['member', 'remove', '--organization', ORGANIZATION.slug, '--user', PEOPLE.leaver.email]);
  const answer = await leaver.page.goto(world.shop.path);
  assert.equal(answer.status(), 404);
});
