import json, os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

query = urlencode({"status": "open,in_progress", "priority": "high,critical",
                   "q": "coupon", "sort": "-updated_at", "per_page": 50})
answer = urlopen(Request(f"https://bugs.example.com/api/v1/tickets?{query}",
                         headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"}))
print(answer.headers["X-Total-Count"], "in all")
for ticket in json.load(answer):
    print(ticket["code"], ticket["title"])
