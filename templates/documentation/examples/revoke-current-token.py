import os
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tokens/current", method="DELETE",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
print(urlopen(request).status)
