const response = await fetch('https://bugs.example.com/api/v1/tokens/current', {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
const token = await response.json();
console.log(`${token.name} (${token.scopes}) ends ${token.expires_at ?? 'never'}`);
