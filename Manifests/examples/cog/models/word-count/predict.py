"""The most frequent words of a text."""
import collections
import re
import tempfile

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(
        self,
        text_url: Path = Input(description="The text"),
        top: int = Input(description="How many words", default=3, ge=1, le=100),
    ) -> Path:
        words = re.findall(r"[a-z']+", text_url.read_text().lower())
        table = Path(tempfile.mkdtemp()) / "words.csv"
        lines = [f"{word},{count}" for word, count in collections.Counter(words).most_common(top)]
        table.write_text("word,count\n" + "\n".join(lines) + "\n")
        return table
