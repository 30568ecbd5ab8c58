import json, os
from urllib.error import HTTPError
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tickets",
                  data=json.dumps({"ticket": {"title": "", "given": "too short"}}).encode(),
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Content-Type": "application/json"})
try:
    urlopen(request)
except HTTPError as refused:
    error = json.load(refused)
    print(refused.code, error["error"], error["message"], error.get("details"))
