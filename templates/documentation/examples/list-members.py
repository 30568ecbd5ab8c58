import json, os
from urllib.request import Request, urlopen

id = os.environ["ORGANIZATION_ID"]
request = Request(f"https://bugs.example.com/api/v1/mcp/organizations/{id}/members",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
for member in json.load(urlopen(request))["members"]:
    print(member["name"], member["role"])
