curl https://bugs.example.com/api/v1/tickets \
  -H "Authorization: Bearer $BUGTOME_TOKEN" \
  -H "Content-Type: application/json" \
  -d '{"ticket": {
        "title": "The build is red",
        "given": "a clean checkout of main",
        "when": "the tests are run",
        "then": "one of them fails"}}'
