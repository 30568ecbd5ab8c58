url=https://bugs.example.com/api/v1/tickets/$TICKET_ID
tag=$(curl -sS -o ticket.json -w '%header{etag}' "$url" \
  -H "Authorization: Bearer $BUGTOME_TOKEN")
curl -X PATCH "$url" \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "If-Match: $tag" \
  -H "Content-Type: application/json" \
  -d '{"ticket": {"status": "resolved"}}'
