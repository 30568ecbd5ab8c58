// Every page of the list, as it is found.

import { bothFlows } from '../flow.mjs';
import { PAGES } from '../pages.mjs';

for (const who of [undefined, 'owner', 'member', 'viewer']) {
  bothFlows(`every page as ${who ?? 'nobody'} sees it`, async (world, { javascript }) => {
    const visitor = await world.visitor({ who, javascript });
    const wrong = [];
    for (const [number, page] of PAGES.entries()) {
      if (page.who !== who) continue;
      const path = page.path(world);
      try {
        await visitor.go(path, { status: page.status, name: `page ${number + 1} of the list` });
      } catch (error) {
        wrong.push(error.message);
      }
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  });
}
