// node page.mjs SCRIPT CERTIFICATE: runs SCRIPT in Chromium on a page of an origin of its own, and prints what it hands to report().
// Nothing but this machine is spoken to.

import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [script, certificate] = process.argv.slice(2);
const page = `<!doctype html><meta charset="utf-8"><title>Another origin</title><link rel="icon" href="data:,"><script type="module">
const report = (text) => fetch('/report', { method: 'POST', body: text });
window.addEventListener('error', (event) => report('error: ' + event.message));
window.addEventListener('unhandledrejection', (event) => report('error: ' + event.reason));
try {
${readFileSync(script, 'utf8')}
} catch (error) { report('error: ' + error); }
</script>`;

// Chromium is told of this one key: Debian's keeps its authorities elsewhere than curl does.
const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: 'spki', format: 'der' });
const pin = createHash('sha256').update(key).digest('base64');

let report;
const reported = new Promise((resolve) => (report = resolve));
const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    let text = '';
    for await (const piece of request) text += piece;
    response.end();
    report(text);
  } else {
    response.setHeader('Content-Type', 'text/html');
    response.end(page);
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const profile = mkdtempSync(join(tmpdir(), 'bugtome-page-'));
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--no-proxy-server', `--user-data-dir=${profile}`,
  `--ignore-certificate-errors-spki-list=${pin}`, '--remote-debugging-port=0'];
const chromium = spawn(process.env.CHROMIUM ?? 'chromium', [...flags, `http://127.0.0.1:${server.address().port}/`],
  { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
let said = '';
chromium.stderr.on('data', (piece) => (said += piece));
chromium.on('exit', () => report('error: Chromium ended before the page was done'));
chromium.on('error', (error) => report(`error: ${error.message}`));
setTimeout(() => report('error: the page was not done after 60 seconds'), 60_000).unref();

const text = await reported;
console.log(text);
if (text.startsWith('error: ')) console.error(said);
const gone = new Promise((resolve) => chromium.on('close', resolve));
try {
  process.kill(-chromium.pid, 'SIGKILL');
  await gone;
} catch {
  // It had ended by itself.
}
rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
process.exit(text.startsWith('error: ') ? 1 : 0);
