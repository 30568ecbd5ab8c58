curl https://bugs.example.com/api/v1/mcp/organizations \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
# One of their ids goes into the next address:
curl "https://bugs.example.com/api/v1/mcp/organizations/$ORGANIZATION_ID/projects" \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
