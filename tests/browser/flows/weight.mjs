// What pages weigh on the wire, as a browser counts it.

import { assert, flow } from '../flow.mjs';

// Bytes that came over the wire while `act` ran, headers included.
async function weight(visitor, act) {
  const wire = await visitor.context.newCDPSession(visitor.page);
  await wire.send('Network.enable');
  let bytes = 0;
  wire.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength));
  await act();
  await visitor.page.waitForLoadState('networkidle');
  await wire.detach();
  return bytes;
}

flow('a list of tickets weighs under 60 kB at first, and under 15 kB from then on', async (world) => {
  const visitor = await world.visitor({ who: 'member' });
  const first = await weight(visitor, () => visitor.page.goto(world.shop.path));
  assert.ok(first > 1_000 && first < 60_000, `the first visit weighs ${first} bytes`);
  const next = await weight(visitor, () => visitor.page.goto(`${world.shop.path}?status=open`));
  assert.ok(next > 500 && next < 15_000, `the next visit weighs ${next} bytes`);
});
