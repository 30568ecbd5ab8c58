import json, os
from urllib.request import Request, urlopen

id = os.environ["ORGANIZATION_ID"]
request = Request(f"https://bugs.example.com/api/v1/mcp/organizations/{id}/projects",
                  data=json.dumps({"project": {"name": "Mobile app", "code": "APP"}}).encode(),
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Content-Type": "application/json"})
print(json.load(urlopen(request))["id"])
