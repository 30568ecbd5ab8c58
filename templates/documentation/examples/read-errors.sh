curl -i https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"ticket": {"title": "", "given": "too short"}}'
