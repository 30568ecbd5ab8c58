const response = await fetch('https://bugs.example.com/api/v1/tickets', {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ ticket: { title: '', given: 'too short' } }),
});
if (!response.ok) {
  const { error, message, details } = await response.json();
  console.log(response.status, error, message, details);
}
