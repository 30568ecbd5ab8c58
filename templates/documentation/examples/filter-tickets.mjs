const query = new URLSearchParams({ status: 'open,in_progress', priority: 'high,critical',
  q: 'coupon', sort: '-updated_at', per_page: 50 });
const response = await fetch(`https://bugs.example.com/api/v1/tickets?${query}`, {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
console.log(response.headers.get('X-Total-Count'), 'in all');
for (const ticket of await response.json()) console.log(ticket.code, ticket.title);
