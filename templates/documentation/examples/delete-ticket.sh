url=https://bugs.example.com/api/v1/tickets/$TICKET_ID
curl -X DELETE "$url" -H "Authorization: Bearer $BUGTOME_TOKEN"
# Within 30 days it can be had back:
curl -X POST "$url/restore" -H "Authorization: Bearer $BUGTOME_TOKEN"
