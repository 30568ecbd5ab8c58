// Filing a ticket, changing its facts in place, talking about it, deleting it and taking that back.

import { assert, bothFlows, flow, until } from '../flow.mjs';
import { PEOPLE } from '../world.mjs';

const CLAUSES = {
  Given: 'a kiosk with a printer that is out of paper',
  When: 'a passenger buys a ticket at the kiosk',
  Then: 'the sale is refused before the card is charged',
};

bothFlows('a ticket is filed, and one with errors is kept as it was typed', async (world, { javascript }) => {
  const project = await world.project('Kiosks');
  const visitor = await world.visitor({ who: 'member', javascript });
  visitor.expect(422);
  await visitor.go(`${project.path}/tickets/new`);
  // The browser would refuse what is empty; the server's words are asked for.
  await visitor.fill({ Title: 'Kiosk sells without paper', ...CLAUSES, Given: 'a kiosk', Notes: 'Seen *twice*.' });
  await visitor.page.locator('form', { has: visitor.button('Create ticket') }).evaluate((form) => (form.noValidate = true));
  await visitor.page.getByRole('radio', { name: 'High' }).check({ force: true });
  await visitor.does(() => visitor.button('Create ticket').click(), { name: 'refused' });
  await visitor.page.getByRole('alert').first().waitFor();
  await visitor.sees('is too short (minimum is 10 characters)');
  assert.equal(await visitor.label('Given').getAttribute('aria-invalid'), 'true');
  assert.equal(await visitor.label('Given').inputValue(), 'a kiosk');
  assert.equal(await visitor.label('Title').inputValue(), 'Kiosk sells without paper');
  assert.equal(await visitor.label('Then').inputValue(), CLAUSES.Then);
  assert.equal(await visitor.label('Notes').inputValue(), 'Seen *twice*.');
  assert.ok(await visitor.page.getByRole('radio', { name: 'High' }).isChecked());

  await visitor.fill({ Given: CLAUSES.Given });
  await visitor.does(() => visitor.button('Create ticket').click(), { url: (url) => /\/tickets\/[0-9a-f-]{36}$/.test(url.pathname) });
  await visitor.heading('Kiosk sells without paper').waitFor();
  for (const clause of Object.values(CLAUSES)) await visitor.sees(clause);
  assert.equal(await visitor.page.locator('.md em').first().textContent(), 'twice');
  await visitor.sees(`${project.code}-1`);
});

bothFlows('a ticket that is likely there already is named before it is filed twice', async (world, { javascript }) => {
  const project = await world.project('Kiosks');
  const ticket = { title: 'Kiosk sells tickets without any paper left', given: CLAUSES.Given, when: CLAUSES.When, then: CLAUSES.Then };
  const first = await world.ticket(project, ticket);
  const visitor = await world.visitor({ who: 'member', javascript });
  visitor.expect(422);
  await visitor.go(`${project.path}/tickets/new`);
  await visitor.fill({ Title: 'Kiosk sells tickets without paper', ...CLAUSES });
  await visitor.label('Title').blur();
  if (javascript) {
    await visitor.sees(first.code);
    await visitor.look('with likely duplicates');
  }
});

bothFlows('status, priority and assignee are changed in place', async (world, { javascript }) => {
  const project = await world.project('Kiosks');
  const ticket = await world.ticket(project, { title: 'Kiosk sells without paper', given: CLAUSES.Given, when: CLAUSES.When, then: CLAUSES.Then });
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go(ticket.path);
  const change = async (fact, choice) => {
    const opener = visitor.page.getByRole('button', { name: new RegExp(`^Change ${fact}`) });
    await opener.click();
    await visitor.page.locator(':popover-open').waitFor();
    await visitor.look(`${fact} open`);
    await visitor.does(() => visitor.page.locator(':popover-open').getByRole('button', { name: choice }).click(), { name: 'changed' });
    await until(`${fact} shows ${choice}`, async () => (await opener.textContent()).includes(choice));
    if (javascript) await visitor.keepsFocus();
  };
  await change('status', 'In progress');
  await change('priority', 'Critical');
  await change('assignee', PEOPLE.member.name);
  const now = await world.api(project.token, 'GET', `/api/v1/tickets/${ticket.id}`);
  assert.deepEqual([now.status, now.priority, now.assignee?.name], ['in_progress', 'critical', PEOPLE.member.name]);
  await visitor.sees(/In progress/);
});

bothFlows('a comment is written, and shown with its Markdown', async (world, { javascript }) => {
  const project = await world.project('Kiosks');
  const ticket = await world.ticket(project, { title: 'Kiosk sells without paper', given: CLAUSES.Given, when: CLAUSES.When, then: CLAUSES.Then });
  const visitor = await world.visitor({ who: 'member', javascript });
  await visitor.go(ticket.path);
  await visitor.label('Comment').fill(`Seen **again**, as in ${ticket.code}.`);
  await visitor.does(() => visitor.button('Comment').click(), { name: 'commented' });
  await until('the comment is shown', async () => (await visitor.page.locator('.md strong', { hasText: 'again' }).count()) === 1);
  assert.equal(await visitor.label('Comment').inputValue(), '');
  await visitor.page.locator('.md').getByRole('link', { name: ticket.code }).click();
  await visitor.page.waitForURL((url) => url.pathname === ticket.path);
});

bothFlows('a ticket is deleted and restored', async (world, { javascript }) => {
  const project = await world.project('Kiosks');
  const ticket = await world.ticket(project, { title: 'Kiosk sells without paper', given: CLAUSES.Given, when: CLAUSES.When, then: CLAUSES.Then });
  const visitor = await world.visitor({ who: 'owner', javascript });
  visitor.expect(404, 410);
  await visitor.go(ticket.path);
  await visitor.page.locator('button[popovertarget="more"]').click();
  await visitor.does(() => visitor.page.locator(':popover-open').getByText('Delete ticket').click(), { name: 'deleting' });
  // It may be asked once more.
  const sure = visitor.page.locator('dialog, .box').getByRole('button', { name: /Delete/ });
  if (await sure.count()) await visitor.does(() => sure.first().click(), { name: 'deleted' });
  await world.api(project.token, 'GET', `/api/v1/tickets/${ticket.id}`, undefined, 404);
  await visitor.go(ticket.path, { status: (await visitor.page.request.get(ticket.path)).status() });
  await visitor.does(() => visitor.button('Restore').click(), { name: 'restored' });
  await visitor.heading('Kiosk sells without paper').waitFor();
  await world.api(project.token, 'GET', `/api/v1/tickets/${ticket.id}`);
});

flow('a ticket is copied as Gherkin', async (world) => {
  const visitor = await world.visitor({ who: 'member', permissions: ['clipboard-read', 'clipboard-write'] });
  const [ticket] = world.shop.tickets;
  await visitor.go(ticket.path);
  await visitor.page.locator('button[popovertarget="gherkin"]').click();
  await visitor.look('Gherkin open');
  await visitor.page.locator('#gherkin').getByRole('button', { name: 'Copy' }).click();
  await until('the clipboard has it', async () => (await visitor.page.evaluate(() => navigator.clipboard.readText())).startsWith('Feature: '));
  const text = await visitor.page.evaluate(() => navigator.clipboard.readText());
  assert.match(text, /^Feature: WEB-1 Return trip .*\n\n {2}Scenario: .*\n {4}Given a signed-in passenger .*\n {4}When they confirm .*\n {4}Then the card is charged once/);
});

flow('what is typed stays on the page where what is asked beside it is refused', async (world) => {
  const project = await world.project('Typed', undefined, [{ title: 'A ticket to be commented', given: 'a page that is open', when: 'the session ends', then: 'nothing typed is lost' }]);
  const visitor = await world.visitor({ who: 'member' });
  const { page } = visitor;
  // The search for likely duplicates, while the session has ended, and while the server refuses.
  await page.goto(`${project.path}/tickets/new`);
  await visitor.fill({ Given: 'ten minutes of typing' });
  await visitor.context.clearCookies();
  let answered = page.waitForResponse((answer) => answer.url().includes('/likely'));
  await visitor.fill({ Title: 'Signed out meanwhile' });
  assert.equal((await answered).headers()['hx-redirect']?.startsWith('/login'), true, 'the search is led to the sign-in');
  visitor.expect(503);
  await page.route('**/likely*', (route) => route.fulfill({ status: 503, contentType: 'text/plain', body: 'Too much at once' }));
  answered = page.waitForResponse((answer) => answer.status() === 503);
  await visitor.fill({ Title: 'Refused meanwhile' });
  await answered;
  await page.waitForTimeout(300);
  assert.equal(new URL(page.url()).pathname, `${project.path}/tickets/new`);
  assert.equal(await visitor.label('Given').inputValue(), 'ten minutes of typing');
  // A fact that is changed beside a comment, as it is answered where the session is over.
  const other = await world.visitor({ who: 'member' });
  await other.page.goto(project.tickets[0].path);
  await other.fill({ Comment: 'ten minutes of typing' });
  await other.page.route('**/facts', (route) => route.fulfill({ status: 204, headers: { 'HX-Redirect': '/login?next=%2F' } }));
  await other.page.locator('#f-status').click();
  await other.page.locator('#m-status button').nth(1).click();
  await other.sees('What you typed is still here.');
  assert.equal(new URL(other.page.url()).pathname, project.tickets[0].path);
  assert.equal(await other.label('Comment').inputValue(), 'ten minutes of typing');
  visitor.check();
  other.check();
});
