"""A Gaussian blur of one image by the `vips` command: {"input": {"image_url": "file://…"}} to {"image_url": "file://…"}."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.parse

SIGMA = 3


def main():
    image = urllib.parse.unquote(urllib.parse.urlparse(json.load(sys.stdin)["input"]["image_url"]).path)
    blurred = pathlib.Path(os.environ["IMFLOW_WORKDIR"]).resolve() / "blurred.png"
    subprocess.run(["vips", "gaussblur", image, f"{blurred}[compression=1]", str(SIGMA)], check=True,
                   stdin=subprocess.DEVNULL)
    json.dump({"image_url": blurred.as_uri()}, sys.stdout)


if __name__ == "__main__":
    main()
