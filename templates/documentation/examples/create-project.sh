curl "https://bugs.example.com/api/v1/mcp/organizations/$ORGANIZATION_ID/projects" \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"project": {"name": "Mobile app", "code": "APP"}}'
