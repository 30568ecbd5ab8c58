curl "https://bugs.example.com/api/v1/mcp/organizations/$ORGANIZATION_ID/members" \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
