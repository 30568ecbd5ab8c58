// Projects: made, renamed, archived and opened again.

import { assert, bothFlows } from '../flow.mjs';

bothFlows('a project is made, with a code of its own', async (world, { javascript }) => {
  const code = javascript ? 'MADEA' : 'MADEB';
  const visitor = await world.visitor({ who: 'owner', javascript });
  visitor.expect(422);
  await visitor.go(`/workspace/organizations/${world.organization.id}/projects/new`);
  await visitor.fill({ Name: 'Made here', Code: 'WEB' });
  await visitor.does(() => visitor.button('Make the project').click(), { name: 'refused' });
  await visitor.page.getByRole('alert').first().waitFor();
  assert.equal(await visitor.label('Name').inputValue(), 'Made here');
  await visitor.fill({ Code: code });
  await visitor.does(() => visitor.button('Make the project').click(), { url: (url) => /\/projects\/[0-9a-f-]{36}/.test(url.pathname), name: 'empty' });
});

bothFlows('a project is archived, stays readable, and is opened again', async (world, { javascript }) => {
  const project = await world.project('Old site', undefined, [
    { title: 'The old site is slow', given: 'the old site in any browser', when: 'the first page is opened', then: 'it is there within a second' },
  ]);
  const visitor = await world.visitor({ who: 'owner', javascript });
  await visitor.go(`${project.path}/settings`);
  await visitor.does(() => visitor.page.getByRole('button', { name: /^Archive/ }).click(), { name: 'archived' });
  await world.api(project.token, 'GET', '/api/v1/tickets', undefined, 401);
  await visitor.go(project.tickets[0].path);
  await visitor.sees('The old site is slow');
  assert.equal(await visitor.button('Comment').count(), 0, 'an archived project takes comments');
  await visitor.go(`${project.path}/settings`);
  await visitor.does(() => visitor.page.getByRole('button', { name: /Open.*again|Unarchive|Restore/ }).click(), { name: 'opened again' });
  await visitor.go(project.tickets[0].path);
  assert.equal(await visitor.button('Comment').count(), 1);
});
