const url = `https://bugs.example.com/api/v1/tickets/${process.env.TICKET_ID}/events`;
const response = await fetch(url, {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
for (const { created_at, event, actor } of await response.json()) {
  console.log(created_at, event, actor?.name);
}
