// The world that flows live in: a server over a database of its own, people, an organization, projects.
// It is made by the means that are there for it: the pages' first run, `bugtome admin`, and the API.

import { execFile, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from './flow.mjs';
import { HOSTILE, tickets } from './seed.mjs';
import { Visitor } from './visitor.mjs';

export const PASSWORD = 'correct horse battery';
export const PEOPLE = {
  owner: { email: 'olga@example.org', name: 'Olga Owner' },
  member: { email: 'mia@example.org', name: 'Mia Member' },
  viewer: { email: 'vera@example.org', name: 'Vera Viewer' },
  // Each of these is used by one flow only, which changes their password or takes their rights away.
  forgetful: { email: 'fred@example.org', name: 'Fred Forgetful' },
  leaver: { email: 'lena@example.org', name: 'Lena Leaver' },
  hostile: { email: 'hans@example.org', name: HOSTILE.slice(0, 80) },
};
export const ORGANIZATION = { name: 'Acme', slug: 'acme' };

export class World {
  examined = new Map();
  states = new Map();
  count = { projects: 0 };

  constructor(browser, binary, folder) {
    Object.assign(this, { browser, binary, folder });
    this.database = `sqlite://${join(folder, 'bugtome.db')}`;
    // No limits for the machine's address: all of the flows come from it.
    this.environment = { ...process.env, BUGTOME_RATE_LIMIT_AUTHENTICATED: '0', BUGTOME_RATE_LIMIT_ANONYMOUS: '0' };
  }

  // The world of one flow, whose visitors are told to `visitors`.
  for(visitors) {
    return Object.assign(Object.create(this), { visitors });
  }

  async start() {
    this.said = '';
    this.server = spawn(this.binary, ['serve', '--listen', '127.0.0.1:0', '--database', this.database], { cwd: this.folder, env: this.environment });
    this.server.stderr.pipe(createWriteStream(join(this.folder, 'server.log')));
    const ended = new Promise((_, refuse) => this.server.on('exit', (code) => refuse(new Error(`the server ended with ${code}`))));
    // That is no surprise once it was told to.
    ended.catch(() => {});
    const listening = new Promise((resolve) => {
      this.server.stdout.on('data', (piece) => {
        this.said += piece;
        const url = /^listening on (\S+?)\/?$/m.exec(this.said);
        if (url) resolve(url[1]);
      });
    });
    this.url = await Promise.race([listening, ended]);
  }

  async stop() {
    if (this.server.exitCode !== null) return;
    const gone = new Promise((resolve) => this.server.on('exit', resolve));
    this.server.kill('SIGTERM');
    await gone;
  }

  // What the server's log says of itself being wrong.
  errors() {
    const lines = readFileSync(join(this.folder, 'server.log'), 'utf8').split('\n');
    return lines.filter((line) => line.includes(' ERROR ') || line.includes('"level":"ERROR"') || line.includes('panicked')).slice(0, 5);
  }

  // The code for the first run, which the server prints after its address.
  async setupCode() {
    const code = () => /with this code[^\n]*\n\s+(\S+)\n/.exec(this.said)?.[1];
    await until('the server prints a code', code);
    return code();
  }

  // `bugtome admin …`, answered in JSON.
  async admin(words, secret) {
    const running = promisify(execFile)(this.binary, ['admin', ...words, '--database', this.database, '--json'], { cwd: this.folder, env: this.environment });
    // Most commands read nothing, and have ended before.
    running.child.stdin.on('error', () => {});
    running.child.stdin.end(secret ?? '');
    const { stdout } = await running;
    return stdout.trim() ? JSON.parse(stdout) : null;
  }

  // The API, as JSON. Throws where the answer is no success, unless `status` is what is wanted.
  async api(token, method, path, body, status) {
    const answer = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (status ? answer.status !== status : !answer.ok) throw new Error(`${method} ${path} is answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  // People, and a project that nobody changes.
  async seed() {
    const known = (await this.admin(['user', 'list'])).map((user) => user.email);
    const make = async ({ email, name }) => {
      if (!known.includes(email)) await this.admin(['user', 'create', '--email', email, '--name', name, '--password-stdin'], `${PASSWORD}\n`);
    };
    for (const person of Object.values(PEOPLE)) await make(person);
    const made = await this.admin(['organization', 'list']);
    if (!made.some((organization) => organization.slug === ORGANIZATION.slug)) {
      await this.admin(['organization', 'create', '--name', ORGANIZATION.name, '--slug', ORGANIZATION.slug, '--owner', PEOPLE.owner.email]);
    }
    const roles = { member: 'member', viewer: 'viewer', forgetful: 'member', leaver: 'member', hostile: 'admin' };
    for (const [who, role] of Object.entries(roles)) {
      await this.admin(['member', 'add', '--organization', ORGANIZATION.slug, '--user', PEOPLE[who].email, '--role', role]);
    }
    this.token = (await this.admin(['token', 'create', '--user', PEOPLE.owner.email, '--name', 'the seed', '--preset', 'full'])).token;
    [this.organization] = (await this.api(this.token, 'GET', '/api/v1/mcp/organizations')).organizations;
    this.shop = await this.project('Booking site', 'WEB', tickets());
  }

  // A project of the flow's own, with the tickets of a list.
  async project(name, code, list = []) {
    this.count.projects += 1;
    const own = code ?? `P${this.count.projects}`;
    await this.admin(['project', 'create', '--organization', ORGANIZATION.slug, '--name', name, '--code', own]);
    const { projects } = await this.api(this.token, 'GET', `/api/v1/mcp/organizations/${this.organization.id}/projects?per_page=100`);
    const project = projects.find((project) => project.code === own);
    project.path = `/workspace/projects/${project.id}`;
    project.token = (await this.admin(['token', 'create', '--project', `${ORGANIZATION.slug}/${own}`, '--name', 'the seed', '--preset', 'full'])).token;
    project.tickets = [];
    for (const ticket of list) project.tickets.push(await this.ticket(project, ticket));
    return project;
  }

  async ticket(project, ticket) {
    const { comments = [], status, ...fields } = ticket;
    const made = await this.api(project.token, 'POST', '/api/v1/tickets', { ticket: fields });
    if (status) await this.api(project.token, 'PATCH', `/api/v1/tickets/${made.id}`, { ticket: { status } });
    for (const content of comments) await this.api(project.token, 'POST', `/api/v1/tickets/${made.id}/comments`, { comment: { content } });
    made.path = `${project.path}/tickets/${made.id}`;
    return made;
  }

  // Somebody with a browser: of `PEOPLE`, signed in; or nobody.
  async visitor({ who, javascript = true, ...more } = {}) {
    const storageState = who ? await this.session(who) : undefined;
    const visitor = await Visitor.open(this, { javascript, who, storageState, ...more });
    this.visitors.push(visitor);
    return visitor;
  }

  // Signing in takes time on purpose, and too much of it is refused: once for each person is enough.
  session(who) {
    if (!this.states.has(who)) this.states.set(who, this.signIn(PEOPLE[who].email));
    return this.states.get(who);
  }

  async signIn(email) {
    const visitor = await Visitor.open(this, { javascript: false });
    await visitor.signIn(email, PASSWORD);
    const state = await visitor.context.storageState();
    await visitor.end();
    return state;
  }
}
