const id = process.env.ORGANIZATION_ID;
const response = await fetch(`https://bugs.example.com/api/v1/mcp/organizations/${id}/members`, {
  headers: { Authorization: `Bearer ${process.env.BUGTOME_TOKEN}` },
});
const { members } = await response.json();
for (const member of members) console.log(member.name, member.role);
