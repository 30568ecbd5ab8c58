const headers = { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` };
let next = '/api/v1/tickets?per_page=100';
while (next) {
  const response = await fetch(`https://bugs.example.com${next}`, { headers });
  for (const ticket of await response.json()) console.log(ticket.code, ticket.title);
  next = response.headers.get('Link')?.match(/<(.*)>; rel="next"/)?.[1];
}
