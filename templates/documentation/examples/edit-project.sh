curl -X PATCH "https://bugs.example.com/api/v1/projects/$PROJECT_ID" \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"project": {"description": "The shop until spring", "archived": true}}'
