import json, os
from urllib.request import Request, urlopen

request = Request(f"https://bugs.example.com/api/v1/tickets/{os.environ['TICKET_ID']}/events",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
for event in json.load(urlopen(request)):
    print(event["created_at"], event["event"], (event["actor"] or {}).get("name"))
