curl "https://bugs.example.com/api/v1/tickets/$TICKET_ID/events" \
  -H "Authorization: Bearer $BUGTOME_TOKEN"
