curl https://bugs.example.com/api/v1/tokens/revoke \
  -H "Content-Type: application/json" \
  -d "{\"token\": \"$FOUND_TOKEN\"}"
