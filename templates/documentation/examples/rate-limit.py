import os, time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

request = Request("https://bugs.example.com/api/v1/tickets",
                  headers={"Authorization": f"Bearer {os.environ['BUGTOME_TOKEN']}"})
try:
    print(urlopen(request).headers["X-RateLimit-Remaining"], "left")
except HTTPError as refused:
    if refused.code == 429:
        time.sleep(int(refused.headers["Retry-After"]))
