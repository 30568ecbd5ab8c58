curl -sS -D - -o tickets.json https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN" | grep -i ratelimit
