const response = await fetch('https://bugs.example.com/api/v1/tickets', {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
await response.json(); // Node waits for answers that nobody reads.
const seconds = Number(response.headers.get('Retry-After'));
if (response.status === 429) await new Promise((done) => setTimeout(done, seconds * 1000));
console.log(response.headers.get('X-RateLimit-Remaining'), 'left');
