const headers = { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` };
const all = 'https://bugs.example.com/api/v1/mcp/organizations';
const { organizations } = await (await fetch(all, { headers })).json();
for (const { id, name } of organizations) {
  const { projects } = await (await fetch(`${all}/${id}/projects`, { headers })).json();
  for (const project of projects) {
    console.log(name, project.code, project.name, project.open_tickets_count);
  }
}
