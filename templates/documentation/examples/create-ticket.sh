curl --retry 5 --retry-all-errors \
  https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Idempotency-Key: nightly-2024-01-15" \
  -H "Content-Type: application/json" \
  -d '{"ticket": {
        "project_id": "'"$PROJECT_ID"'",
        "title": "Checkout forgets the coupon after signing in",
        "given": "a basket with a valid coupon, and nobody signed in",
        "when": "the customer signs in during checkout",
        "then": "the coupon is gone from the basket",
        "priority": "high"}}'
