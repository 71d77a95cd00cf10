#!/bin/sh
# Makes the image imflow/ocr-words:1 without any registry: busybox, this machine's /usr/bin/python3 with its standard
# library, Tesseract with the libraries it is linked to and its English model, and the programs of this example.
# The working folder is the programs' own, so `[python3, ocr.py]` means the same in a container and in a process.
set -eu

tag=${1:-imflow/ocr-words:1}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
for needed in busybox tesseract docker /usr/bin/python3; do
    command -v "$needed" >/dev/null ||
        { echo "image.sh: $needed is missing; apt-get install busybox-static tesseract-ocr docker.io python3" >&2; exit 2; }
done

version=$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
tesseract=$(readlink -f "$(command -v tesseract)")
cd "$here/models"
programs="ocr-words/ocr.py reading-order/order.py"

# What the image is made of; one that is up to date is left alone.
recipe=$(cat ../image.sh $programs "$(command -v busybox)" "/usr/bin/$version" "$tesseract" | sha256sum | cut -c1-16)
if [ "$(docker image inspect -f '{{index .Config.Labels "imflow.recipe"}}' "$tag" 2>/dev/null)" = "$recipe" ]; then
    echo "$tag is up to date"
    exit 0
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/model" "$root/usr/bin" \
    "$root/usr/lib" "$root/usr/share/tesseract-ocr"
chmod 1777 "$root/tmp"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"

cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done

cp -L "/usr/bin/$version" "$root/usr/bin/"
ln -s "$version" "$root/usr/bin/python3"
tar -C /usr/lib --exclude=__pycache__ --exclude=test --exclude=idlelib --exclude='config-*' -c "$version" |
    tar -C "$root/usr/lib" -x
cp "$tesseract" "$root/usr/bin/tesseract"
tar -C /usr/share/tesseract-ocr -c . | tar -C "$root/usr/share/tesseract-ocr" -x

{ echo "/usr/bin/$version"; echo "$tesseract"; command -v busybox; find "$root/usr/lib/$version" -name '*.so'; } |
    xargs -n1 ldd 2>/dev/null | grep -oE '/[^ ]+' | sort -u |
    while read -r library; do
        [ -f "$library" ] || continue
        mkdir -p "$root$(dirname "$library")"
        cp -nL "$library" "$root$library"
    done

cp $programs "$root/model/"
tar -C "$root" -c . |
    docker import -c 'WORKDIR /model' -c 'ENV PATH=/usr/bin:/bin' -c 'CMD ["/bin/sh"]' \
        -c "LABEL imflow.recipe=$recipe" - "$tag" >/dev/null
echo "made $tag"
