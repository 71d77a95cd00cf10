"""Speech to text with PocketSphinx: {"input": {"audio_url": "file://…"}} to {"transcript": "…"}.

The transcript is what PocketSphinx heard, lower case and without punctuation, with a new line where the speaker
paused for PAUSE seconds or more.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import wave

PAUSE = 0.25
FRAMES_PER_SECOND = 100


def check_recording(path):
    try:
        with wave.open(path) as recording:
            shape = recording.getframerate(), recording.getnchannels(), recording.getsampwidth()
    except (OSError, EOFError, wave.Error) as error:
        sys.exit(f"asr-v1: this is no WAV recording: {error}")
    if shape != (16000, 1, 2):
        sys.exit("asr-v1: the recording has to be 16 kHz, mono, 16 bit (%d Hz, %d channels, %d bytes)" % shape)


def decode(path, scratch):
    """PocketSphinx's line for the recording: id, S, then scores and `frame acoustic language word` for each word."""
    recording = pathlib.Path(path)
    (scratch / "list").write_text(recording.stem + "\n")
    subprocess.run(
        ["pocketsphinx_batch", "-adcin", "yes", "-adchdr", "44", "-remove_noise", "no", "-remove_silence", "no",
         "-ctl", scratch / "list", "-cepdir", recording.parent, "-cepext", recording.suffix,
         "-hypseg", scratch / "words", "-logfn", scratch / "log"],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return (scratch / "words").read_text().split()


def transcript(fields):
    """Words with their first frames, cut into lines at long pauses."""
    start = fields.index("L") + 2
    # Each word takes four fields: its first frame, two scores, the word; the last field is the number of frames.
    words = [(int(fields[i]), fields[i + 3]) for i in range(start, len(fields) - 3, 4)]
    frames = [first for first, _ in words] + [int(fields[-1])]
    lines = [[]]
    for (first, word), end in zip(words, frames[1:]):
        if word.startswith(("<", "[", "++")):
            if end - first >= PAUSE * FRAMES_PER_SECOND and lines[-1]:
                lines.append([])
        else:
            lines[-1].append(word.split("(")[0])
    return "\n".join(" ".join(line) for line in lines if line)


def main():
    path = urllib.parse.unquote(urllib.parse.urlparse(json.load(sys.stdin)["input"]["audio_url"]).path)
    check_recording(path)
    with tempfile.TemporaryDirectory(dir=os.environ.get("IMFLOW_WORKDIR")) as scratch:
        json.dump({"transcript": transcript(decode(path, pathlib.Path(scratch)))}, sys.stdout)


if __name__ == "__main__":
    main()
