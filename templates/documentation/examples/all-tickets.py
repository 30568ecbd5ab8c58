import json, os, re
from urllib.request import Request, urlopen

path = "/api/v1/tickets?per_page=100"
while path:
    answer = urlopen(Request(f"https://bugs.example.com{path}",
                             headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"}))
    for ticket in json.load(answer):
        print(ticket["code"], ticket["title"])
    link = re.search('<(.*)>; rel="next"', answer.headers["Link"] or "")
    path = link and link[1]
