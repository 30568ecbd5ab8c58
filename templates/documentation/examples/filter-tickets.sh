curl -i -G https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -d status=open,in_progress -d priority=high,critical \
  -d q=coupon -d sort=-updated_at -d per_page=50
