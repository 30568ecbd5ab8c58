import json, os
from urllib.request import Request, urlopen

def get(path):
    return json.load(urlopen(Request(f"https://bugs.example.com/api/v1/mcp/organizations{path}",
                             headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})))

for organization in get("")["organizations"]:
    for project in get(f"/{organization['id']}/projects")["projects"]:
        print(organization["name"], project["code"], project["name"], project["open_tickets_count"])
