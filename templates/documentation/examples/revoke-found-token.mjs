const response = await fetch('https://bugs.example.com/api/v1/tokens/revoke', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ token: process.env.FOUND_TOKEN }),
});
console.log(response.status);
