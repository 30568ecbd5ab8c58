// node main.mjs BINARY FOLDER [WORD…]: starts a server and a browser, runs the flows a few at a time, and says which failed.
// What a flow does is in flows/; what every page must keep to is in visitor.mjs.

import { startBrowser } from './browser.mjs';
import { flows } from './flow.mjs';
import { World } from './world.mjs';

import './flows/first_run.mjs';
import './flows/every_page.mjs';
import './flows/signing_in.mjs';
import './flows/tickets.mjs';
import './flows/editing.mjs';
import './flows/lists.mjs';
import './flows/tokens.mjs';
import './flows/people.mjs';
import './flows/projects.mjs';
import './flows/hostile.mjs';
import './flows/requests.mjs';
import './flows/keyboard.mjs';
import './flows/weight.mjs';

const AT_ONCE = 3;
const LONGEST = 180_000;

const [binary, folder, ...words] = process.argv.slice(2);
const began = Date.now();
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

// What went wrong, and where in a flow.
function said(error) {
  const lines = String(error.stack ?? error).split('\n');
  return lines.filter((line) => !/^\s+at /.test(line) || line.includes('/flows/')).join('\n');
}

let passed = 0;
const failed = [];
async function run(flow, world) {
  const since = Date.now();
  const visitors = [];
  let timer;
  try {
    const late = new Promise((_, refuse) => (timer = setTimeout(() => refuse(new Error('it takes too long')), LONGEST)));
    await Promise.race([flow.walk(world.for(visitors)), late]);
    for (const visitor of visitors) visitor.check();
    passed += 1;
    console.log(`  ok      ${flow.name} (${seconds(since)})`);
  } catch (error) {
    failed.push(flow.name);
    const places = visitors.map((visitor) => `at ${visitor.where()}`).join('\n');
    console.log(`  FAILED  ${flow.name} (${seconds(since)})\n${`${said(error)}\n${places}`.replace(/^/gm, '          ')}`);
  } finally {
    clearTimeout(timer);
    for (const visitor of visitors) await visitor.end();
  }
}

const browser = await startBrowser();
const world = new World(browser, binary, folder);
// However this ends, the server ends with it.
process.on('exit', () => world.server?.kill('SIGKILL'));
try {
  await world.start();
  const chosen = flows.filter((flow) => flow.first || words.length === 0 || words.some((word) => flow.name.includes(word)));
  // What makes the first user comes first, alone.
  for (const flow of chosen.filter((flow) => flow.first)) await run(flow, world);
  await world.seed();
  const waiting = chosen.filter((flow) => !flow.first);
  const worker = async () => {
    for (let flow = waiting.shift(); flow; flow = waiting.shift()) await run(flow, world);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
} finally {
  await browser.close();
  await world.stop();
}
for (const line of world.errors()) {
  failed.push('the log');
  console.log(`  FAILED  the log has: ${line}`);
}
console.log(`${world.examined.size} pages examined, ${seconds(began)}`);
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
