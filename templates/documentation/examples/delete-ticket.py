import json, os
from urllib.request import Request, urlopen

url = f"https://bugs.example.com/api/v1/tickets/{os.environ['TICKET_ID']}"
headers = {"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"}
urlopen(Request(url, headers=headers, method="DELETE"))
# Within 30 days it can be had back:
restored = urlopen(Request(f"{url}/restore", headers=headers, method="POST"))
print(json.load(restored)["code"])
