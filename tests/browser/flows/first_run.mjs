// The first run: a server that nobody has used, and the code that it printed.

import { assert, firstFlow } from '../flow.mjs';
import { ORGANIZATION, PASSWORD, PEOPLE } from '../world.mjs';

firstFlow('the first user is made with the code that the server printed, once', async (world) => {
  const visitor = await world.visitor();
  await visitor.page.goto('/');
  await visitor.go('/setup');
  const fill = (code) => visitor.fill({
    'One-time code': code,
    'Your name': PEOPLE.owner.name,
    'E-mail': PEOPLE.owner.email,
    Password: PASSWORD,
    Organization: ORGANIZATION.name,
  });
  visitor.expect(422, 403, 404);
  await fill('wrong-code-0000');
  await visitor.does(() => visitor.button('Set up bugtome').click(), { name: 'refused' });
  assert.match(visitor.where(), /^\/setup/);
  await fill(await world.setupCode());
  await visitor.does(() => visitor.button('Set up bugtome').click(), { url: (url) => url.pathname.startsWith('/workspace') });
  await visitor.sees('No projects yet.');
  // It worked once; nobody else can come by it.
  const other = await world.visitor();
  other.expect(404, 403);
  await other.page.goto('/setup');
  assert.equal(await other.label('One-time code').count(), 0);
});
