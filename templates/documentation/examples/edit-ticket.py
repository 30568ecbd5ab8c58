import json, os
from urllib.request import Request, urlopen

url = f"https://bugs.example.com/api/v1/tickets/{os.environ['TICKET_ID']}"
headers = {"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"}
headers["If-Match"] = urlopen(Request(url, headers=headers)).headers["ETag"]
headers["Content-Type"] = "application/json"
body = json.dumps({"ticket": {"status": "resolved"}}).encode()
# urllib raises an HTTPError with code 412 when somebody else was faster.
print(json.load(urlopen(Request(url, data=body, headers=headers, method="PATCH")))["status"])
