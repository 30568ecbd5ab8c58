// Signing in and out, and what an old cookie is worth.

import { assert, bothFlows } from '../flow.mjs';
import { PASSWORD, PEOPLE } from '../world.mjs';

bothFlows('one signs in, lands where one was going, and signs out for good', async (world, { javascript }) => {
  const visitor = await world.visitor({ javascript });
  // The way in leads back to the page that was asked for.
  await visitor.page.goto(world.shop.tickets[0].path);
  await visitor.page.waitForURL((url) => url.pathname === '/login');
  await visitor.look('on the way to a ticket');

  visitor.expect(401, 422, 403);
  await visitor.fill({ 'E-mail': PEOPLE.member.email, Password: 'not the password' });
  await visitor.does(() => visitor.button('Sign in').click(), { name: 'wrong password' });
  await visitor.sees('Wrong e-mail or password.');
  assert.equal(await visitor.label('E-mail').inputValue(), PEOPLE.member.email);
  assert.equal(await visitor.label('Password').inputValue(), '');
  // Nobody learns from it who is there.
  await visitor.fill({ 'E-mail': 'nobody@example.org', Password: PASSWORD });
  await visitor.does(() => visitor.button('Sign in').click(), { name: 'wrong password' });
  await visitor.sees('Wrong e-mail or password.');

  await visitor.fill({ 'E-mail': PEOPLE.member.email, Password: PASSWORD });
  await visitor.does(() => visitor.button('Sign in').click(), { url: (url) => url.pathname === world.shop.tickets[0].path });
  await visitor.sees(world.shop.tickets[0].title);

  const cookies = await visitor.context.cookies();
  for (const cookie of cookies.filter((cookie) => /session/i.test(cookie.name))) {
    assert.ok(cookie.httpOnly && cookie.sameSite === 'Lax', `the cookie ${cookie.name} is open`);
  }
  await visitor.page.locator('button[popovertarget="me"]').click();
  await visitor.does(() => visitor.button('Sign out').click(), { url: (url) => !url.pathname.startsWith('/workspace') });

  // A copy of the cookie that was good a moment ago is worth nothing.
  await visitor.context.clearCookies();
  await visitor.context.addCookies(cookies);
  await visitor.page.goto('/workspace');
  await visitor.page.waitForURL((url) => url.pathname === '/login');
});
