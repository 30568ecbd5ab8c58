import datetime, json, os
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tokens/current/rotate",
                  data=json.dumps({"overlap_seconds": 3600}).encode(),
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}",
                           "Idempotency-Key": str(datetime.date.today()),
                           "Content-Type": "application/json"})
print(json.load(urlopen(request))["token"])
