import json, os
from urllib.request import Request, urlopen

ticket = {"project_id": os.environ["PROJECT_ID"], "priority": "high",
          "title": "Checkout forgets the coupon after signing in",
          "given": "a basket with a valid coupon, and nobody signed in",
          "when": "the customer signs in during checkout", "then": "the coupon is gone from the basket"}
headers = {"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
           "Content-Type": "application/json", "Idempotency-Key": "nightly-2024-01-15"}
body = json.dumps({"ticket": ticket}).encode()
request = Request("https://bugs.example.com/api/v1/tickets", data=body, headers=headers)
print(json.load(urlopen(request))["code"])
