// Finding tickets: lists, filters, search, and changing several at once.

import { assert, bothFlows, until } from '../flow.mjs';

bothFlows('tickets are found by their status and by their words', async (world, { javascript }) => {
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go(world.shop.path);
  const titles = () => visitor.page.locator('ol.tickets a.title').allTextContents();
  assert.ok((await titles()).length >= 10);
  await visitor.does(() => visitor.page.getByRole('navigation', { name: 'Status' }).getByRole('link', { name: /^Resolved/ }).click(), { url: /status=resolved/, name: 'resolved' });
  await until('one is resolved', async () => (await titles()).join() === 'W'.repeat(200));

  const search = visitor.page.locator('form.find input[type=search]');
  await search.fill('vehicle deck');
  await visitor.does(() => search.press('Enter'), { url: /q=vehicle/, name: 'search' });
  await until('it is found', async () => (await titles()).some((title) => title.includes('Vehicle height')));
  await visitor.does(() => visitor.page.locator('ol.tickets a.title', { hasText: 'Vehicle height' }).click(), { url: (url) => url.pathname === world.shop.tickets[1].path });

  const again = visitor.page.locator('form.find input[type=search]');
  await again.fill('nothing has these words');
  await visitor.does(() => again.press('Enter'), { url: /q=nothing/, name: 'no results' });
  await visitor.heading('Nothing matches').waitFor();
});

bothFlows('several tickets are changed at once', async (world, { javascript }) => {
  const list = [1, 2, 3].map((number) => ({
    title: `Printer ${number} prints nothing`, given: 'a printer that is switched on', when: 'a ticket is sent to it for printing', then: 'the ticket comes out on paper',
  }));
  const project = await world.project('Printers', undefined, list);
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go(project.path);
  for (const { code } of project.tickets.slice(0, 2)) await visitor.label(`Select ${code}`).check();
  await visitor.look('two selected');
  const bulk = visitor.page.getByRole('region', { name: 'Change the selected tickets' });
  await bulk.getByLabel('Status').selectOption({ label: 'In progress' });
  await visitor.does(() => bulk.getByRole('button', { name: 'Change' }).click(), { name: 'changed' });
  const status = async (ticket) => (await world.api(project.token, 'GET', `/api/v1/tickets/${ticket.id}`)).status;
  await until('both are in progress', async () => (await status(project.tickets[0])) === 'in_progress' && (await status(project.tickets[1])) === 'in_progress');
  assert.equal(await status(project.tickets[2]), 'open');
});
