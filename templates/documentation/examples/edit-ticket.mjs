const url = `https://bugs.example.com/api/v1/tickets/${process.env.TICKET_ID}`;
const headers = { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` };
const read = await fetch(url, { headers });
const changed = await fetch(url, {
  method: 'PATCH',
  headers: { ...headers, 'If-Match': read.headers.get('ETag'), 'Content-Type': 'application/json' },
  body: JSON.stringify({ ticket: { status: 'resolved' } }),
});
if (changed.status === 412) console.log('somebody else was faster: read it again');
else console.log((await changed.json()).status);
