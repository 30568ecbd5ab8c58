import json, os
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tokens/current",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
token = json.load(urlopen(request))
print(token["name"], token["scopes"], "ends", token["expires_at"] or "never")
