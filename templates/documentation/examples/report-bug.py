import json, os
from urllib.request import Request, urlopen

ticket = {"title": "The build is red", "given": "a clean checkout of main",
          "when": "the tests are run", "then": "one of them fails"}
request = Request("https://bugs.example.com/api/v1/tickets",
                  data=json.dumps({"ticket": ticket}).encode(),
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Content-Type": "application/json"})
print(json.load(urlopen(request))["code"])
