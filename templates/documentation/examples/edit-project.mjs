const url = `https://bugs.example.com/api/v1/projects/${process.env.PROJECT_ID}`;
const response = await fetch(url, {
  method: 'PATCH',
  headers: {
    Authorization: `Bearer ${process.env.BUGTOME_TOKEN}`,
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ project: { description: 'The shop until spring', archived: true } }),
});
console.log((await response.json()).archived_at);
