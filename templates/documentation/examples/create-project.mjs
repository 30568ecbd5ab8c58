const id = process.env.ORGANIZATION_ID;
const response = await fetch(`https://bugs.example.com/api/v1/mcp/organizations/${id}/projects`, {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ project: { name: 'Mobile app', code: 'APP' } }),
});
console.log((await response.json()).id);
