const response = await fetch('https://bugs.example.com/api/v1/tokens/current/rotate', {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Idempotency-Key': new Date().toISOString().slice(0, 10),
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ overlap_seconds: 3600 }),
});
console.log((await response.json()).token);
