curl https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
