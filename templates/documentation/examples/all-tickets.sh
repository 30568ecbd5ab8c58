next="/api/v1/tickets?per_page=100"
while [ -n "$next" ]; do
  curl -sS -D head.txt "https://bugs.example.com$next" \
    -H "Authorization: Bearer $BUGTOME_TOKEN"
  next=$(sed -n 's/^[Ll]ink: <\([^>]*\)>; rel="next".*/\1/p' head.txt)
done
