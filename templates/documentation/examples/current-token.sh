curl https://bugs.example.com/api/v1/tokens/current \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
