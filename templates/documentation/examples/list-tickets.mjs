const response = await fetch('https://bugs.example.com/api/v1/tickets', {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
for (const ticket of await response.json()) {
  console.log(ticket.code, ticket.title);
}
