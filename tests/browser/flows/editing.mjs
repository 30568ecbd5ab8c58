// Editing a ticket, and what happens when somebody else was faster.

import { assert, bothFlows } from '../flow.mjs';

const TICKET = {
  title: 'Return trip is charged twice',
  given: 'a signed-in passenger with a return trip in the basket',
  when: 'they confirm at the bank and reload the page',
  then: 'the card is charged once and one booking is confirmed',
};

bothFlows('a ticket is edited', async (world, { javascript }) => {
  const project = await world.project('Payments');
  const ticket = await world.ticket(project, TICKET);
  const visitor = await world.visitor({ who: 'member', javascript });
  visitor.expect(422);
  await visitor.go(`${ticket.path}/edit`);
  for (const [label, field] of [['Title', 'title'], ['Given', 'given'], ['When', 'when'], ['Then', 'then']]) {
    assert.equal(await visitor.label(label).inputValue(), TICKET[field]);
  }
  await visitor.fill({ Title: 'Return trip is charged once too often' });
  await visitor.does(() => visitor.page.getByRole('button', { name: /^Save/ }).first().click(), { url: (url) => url.pathname === ticket.path });
  await visitor.heading('Return trip is charged once too often').waitFor();
});

bothFlows('who was slower sees both texts and loses nothing', async (world, { javascript }) => {
  const project = await world.project('Payments');
  const ticket = await world.ticket(project, TICKET);
  const slow = await world.visitor({ who: 'member', javascript });
  slow.expect(409, 422, 412);
  await slow.go(`${ticket.path}/edit`);
  await slow.fill({ Then: 'the card is charged once; today two charges appear' });
  // Meanwhile:
  const theirs = 'the card is charged once and the second charge is paid back';
  await world.api(project.token, 'PATCH', `/api/v1/tickets/${ticket.id}`, { ticket: { then: theirs } });
  await slow.does(() => slow.page.getByRole('button', { name: /^Save/ }).first().click(), { name: 'conflict' });
  await slow.page.getByRole('alert').first().waitFor();
  assert.equal(await slow.label('Then').inputValue(), 'the card is charged once; today two charges appear');
  // Beneath stands theirs, with what differs marked.
  const beneath = slow.page.locator('#then-t');
  assert.match(await beneath.textContent(), /the card is charged once/);
  await beneath.getByText('and the second charge is paid back').waitFor();
  await slow.does(() => slow.page.getByRole('button', { name: /^Save mine/ }).click(), { url: (url) => url.pathname === ticket.path });
  assert.equal((await world.api(project.token, 'GET', `/api/v1/tickets/${ticket.id}`)).then, 'the card is charged once; today two charges appear');
});
