import json, os
from urllib.request import Request, urlopen

comment = {"content": "It happens on the staging server too."}
request = Request(f"https://bugs.example.com/api/v1/tickets/{os.environ['TICKET_ID']}/comments",
                  data=json.dumps({"comment": comment}).encode(),
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Content-Type": "application/json"})
print(json.load(urlopen(request))["id"])
