curl --retry 5 --retry-all-errors \
  https://bugs.example.com/api/v1/tokens/current/rotate \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Idempotency-Key: $(date +%F)" \
  -H "Content-Type: application/json" \
  -d '{"overlap_seconds": 3600}'
