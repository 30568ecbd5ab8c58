import json, os
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tokens/revoke",
                  data=json.dumps({"token": os.environ["FOUND_TOKEN"]}).encode(),
                  headers={"Content-Type": "application/json"})
print(urlopen(request).status)
