const url = `https://bugs.example.com/api/v1/tickets/${process.env.TICKET_ID}/comments`;
const response = await fetch(url, {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ comment: { content: 'It happens on the staging server too.' } }),
});
console.log((await response.json()).id);
