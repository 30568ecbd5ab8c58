// Without a mouse: the two keys, menus by Enter and Esc, and a focus that one always sees.

import { assert, flow, until } from '../flow.mjs';

const focused = (visitor) => visitor.page.evaluate(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const ring = (of) => of.outlineStyle !== 'none' && parseFloat(of.outlineWidth) >= 1;
  // In a list the ring is round the row.
  const row = element.closest('.row, .choice, .seg > *');
  return { tag: element.tagName, id: element.id, visible: ring(style) || style.boxShadow !== 'none' || (row ? ring(getComputedStyle(row)) : false) };
});

flow('two keys do what they say, and not while one types', async (world) => {
  const visitor = await world.visitor({ who: 'member' });
  await visitor.go(world.shop.path);
  await visitor.page.keyboard.press('/');
  await until('the search has the focus', () => visitor.page.locator('form.find input').evaluate((input) => input === document.activeElement));
  await visitor.page.keyboard.type('c/');
  assert.equal(await visitor.page.locator('form.find input').inputValue(), 'c/');
  await visitor.page.evaluate(() => document.activeElement.blur());
  await visitor.page.keyboard.press('c');
  await visitor.page.waitForURL(/\/tickets\/new/);
  await visitor.label('Title').waitFor();
});

flow('single keys can be switched off', async (world) => {
  const visitor = await world.visitor({ who: 'member' });
  await visitor.go('/account/settings');
  await visitor.page.getByRole('group', { name: 'Single keys' }).getByText('Off').click();
  await visitor.go(world.shop.path);
  await visitor.page.keyboard.press('c');
  await visitor.page.keyboard.press('/');
  await visitor.page.waitForTimeout(300);
  assert.equal(new URL(visitor.page.url()).pathname, world.shop.path);
  assert.equal(await visitor.page.evaluate(() => document.activeElement.tagName), 'BODY');
});

flow('every control of a ticket can be reached and seen by Tab', async (world) => {
  const visitor = await world.visitor({ who: 'member' });
  for (const path of [world.shop.path, world.shop.tickets[0].path, '/account/settings/api']) {
    await visitor.go(path);
    const unseen = [];
    for (let count = 0; count < 60; count += 1) {
      await visitor.page.keyboard.press('Tab');
      const at = await focused(visitor);
      if (at.tag === 'BODY') break;
      if (!at.visible) unseen.push(await visitor.page.evaluate(() => document.activeElement.outerHTML.slice(0, 120)));
    }
    assert.deepEqual(unseen, [], `${path} has controls whose focus cannot be seen`);
  }
});

flow('a ticket is changed with the keyboard alone', async (world) => {
  const project = await world.project('Keys');
  const ticket = await world.ticket(project, { title: 'Keys do nothing', given: 'a person without a mouse', when: 'they open the menu of the status', then: 'they can choose another status' });
  const visitor = await world.visitor({ who: 'member' });
  await visitor.go(ticket.path);
  const status = visitor.page.getByRole('button', { name: /^Change status/ });
  await status.focus();
  await visitor.page.keyboard.press('Enter');
  await visitor.page.locator(':popover-open').waitFor();
  await visitor.page.keyboard.press('Escape');
  assert.equal(await visitor.page.locator(':popover-open').count(), 0);
  assert.ok(await status.evaluate((button) => button === document.activeElement), 'Esc does not lead back to the button');
  await visitor.page.keyboard.press('Enter');
  await visitor.page.locator(':popover-open').waitFor();
  const choice = visitor.page.locator(':popover-open').getByRole('button', { name: 'Resolved' });
  for (let count = 0; count < 10 && !(await choice.evaluate((button) => button === document.activeElement)); count += 1) await visitor.page.keyboard.press('Tab');
  await visitor.page.keyboard.press('Enter');
  await until('it is resolved', async () => (await status.textContent()).includes('Resolved'));
  await visitor.settled();
  await visitor.keepsFocus();
  // A comment, sent as the hint says.
  await visitor.label('Comment').focus();
  await visitor.page.keyboard.type('By keys alone.');
  await visitor.page.keyboard.press('Tab');
  await visitor.page.keyboard.press('Enter');
  await visitor.page.locator('.md', { hasText: 'By keys alone.' }).waitFor();
  await visitor.settled();
  await visitor.keepsFocus();
});
