"""What SAHI makes of the boxes of tiles, for Tools/bench boxes: bench_sahi.py FILE, by a Python that has sahi.

Prints a line of JSON for each way in which SAHI joins predictions: its name, the seconds that it took for predictions that
were there already, and the boxes."""

import json
import sys
import time

from sahi.postprocess.backends import set_postprocess_backend
from sahi.postprocess.combine import GreedyNMMPostprocess, NMMPostprocess, NMSPostprocess
from sahi.prediction import ObjectPrediction

# SAHI's own default first (sahi.predict.get_sliced_prediction).
WAYS = [(GreedyNMMPostprocess, "IOS", 0.5), (GreedyNMMPostprocess, "IOU", 0.5), (GreedyNMMPostprocess, "IOU", 0.1),
        (NMMPostprocess, "IOS", 0.5), (NMMPostprocess, "IOU", 0.1), (NMSPostprocess, "IOU", 0.5)]


def predictions(units):
    found = []
    for unit in units:
        place = unit["unit"]
        for box in unit["result"]:
            found.append(ObjectPrediction(
                bbox=box["box"], category_id=box["class"], score=box["score"], shift_amount=[place["x"], place["y"]],
                full_shape=[place["image_height"], place["image_width"]]).get_shifted_object_prediction())
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        units = json.load(file)["units"]
    set_postprocess_backend("numba")
    for way, metric, threshold in WAYS:
        join = way(match_threshold=threshold, match_metric=metric, class_agnostic=False)
        # The first call compiles.
        join(predictions(units[:40]))
        found = predictions(units)
        start = time.perf_counter()
        joined = join(found)
        seconds = time.perf_counter() - start
        # Some values are NumPy's, which JSON does not know.
        boxes = [[*(round(float(value), 3) for value in item.bbox.to_xyxy()), int(item.category.id)] for item in joined]
        print(json.dumps({"name": f"SAHI {way.__name__.removesuffix('Postprocess')} {metric} {threshold}",
                          "seconds": seconds, "boxes": boxes}), flush=True)


if __name__ == "__main__":
    main()
