import json, os
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tickets",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
for ticket in json.load(urlopen(request)):
    print(ticket["code"], ticket["title"])
