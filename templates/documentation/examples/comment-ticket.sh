curl "https://bugs.example.com/api/v1/tickets/$TICKET_ID/comments" \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"comment": {"content": "It happens on the staging server too."}}'
