const url = `https://bugs.example.com/api/v1/tickets/${process.env.TICKET_ID}`;
const headers = { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` };
await fetch(url, { method: 'DELETE', headers });
// Within 30 days it can be had back:
const restored = await fetch(`${url}/restore`, { method: 'POST', headers });
console.log((await restored.json()).code);
