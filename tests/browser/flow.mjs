// Flows: what somebody does in pages, and what they must see. Each registers itself under a sentence.

import assert from 'node:assert/strict';

export const flows = [];

// A flow runs at the same time as others: what it changes must be its own (`world.project()`).
export function flow(name, walk) {
  flows.push({ name, walk, first: false });
}

// The flow that makes the first user, before all others.
export function firstFlow(name, walk) {
  flows.push({ name, walk, first: true });
}

// The same with and without JavaScript: every page works without, and nothing but speed may differ.
export function bothFlows(name, walk) {
  for (const javascript of [true, false]) {
    flow(`${name}, ${javascript ? 'with' : 'without'} JavaScript`, (world) => walk(world, { javascript }));
  }
}

// Waits until it is so; `what` says what did not come.
export async function until(what, holds, longest = 5_000) {
  const end = Date.now() + longest;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) assert.fail(`not so after ${longest} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export { assert };
