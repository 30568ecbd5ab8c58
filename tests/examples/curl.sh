curl -X GET "https://bugto.me/api/v1/tickets" \
  -H "Authorization: Bearer pk_your_api_token" \
  -H "Content-Type: application/json"
