import json, os
from urllib.request import Request, urlopen

project = {"description": "The shop until spring", "archived": True}
request = Request(f"https://bugs.example.com/api/v1/projects/{os.environ['PROJECT_ID']}",
                  data=json.dumps({"project": project}).encode(), method="PATCH",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Content-Type": "application/json"})
print(json.load(urlopen(request))["archived_at"])
