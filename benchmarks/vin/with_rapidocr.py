"""The process that reads with stock RapidOCR: default settings but for one thread, the whole photo, its best candidate.

It knows how a VIN is picked from RapidOCR's lines, as favourably as can be done without knowing the answer.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rapidocr import LoadImageError, RapidOCR
from rapidocr.utils.output import RapidOCROutput

from benchmarks.vin.reading import Reads, Said, serve
from inspection.vin import VIN_ALPHABET, VIN_CHARACTERS, check_digit_holds, is_vin

_ONE_THREAD = {
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Global.log_level": "critical",
}
_MEANT = str.maketrans("IOQ", "100")
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[^0-9A-Z]")
# Every place where 17 legal characters begin, also where they overlap.
_INSIDE = re.compile(f"(?=([{VIN_ALPHABET}]{{{VIN_CHARACTERS}}}))")


def stock_reader() -> Reads:
    """Return stock RapidOCR as a reader; whatever has 17 characters counts as accepted, as it never says no."""
    engine = RapidOCR(params=_ONE_THREAD)

    def reads(data: bytes) -> Said:
        try:
            found = engine(data)
        except (LoadImageError, OSError):
            return Said()
        if not isinstance(found, RapidOCROutput) or not found.txts:
            return Said()
        return best_candidate(found.txts, found.scores or ())

    return reads


def normalised(text: str) -> str:
    """Return a line as a VIN would be written: upper case, I as 1, O and Q as 0, no spaces and no marks."""
    return _NEITHER_LETTER_NOR_DIGIT.sub("", text.upper().translate(_MEANT))


def best_candidate(texts: Sequence[str], scores: Sequence[float]) -> Said:
    """Return the best scored line that is 17 legal characters; where there is none, the best scored 17 inside a line.

    Inside one line those whose check digit holds go first, then those nearer its end, as a word such as "VIN" stands in
    front. scores: of each line, 0 to 1; the candidate's confidence is its line's score.
    """
    lines = [(float(score), normalised(text)) for text, score in zip(texts, scores, strict=True)]
    whole = [(score, line) for score, line in lines if len(line) == VIN_CHARACTERS and is_vin(line)]
    inside = [
        (score, check_digit_holds(found[1]), found.start(), found[1])
        for score, line in lines
        for found in _INSIDE.finditer(line)
        if is_vin(found[1])
    ]
    best = max(whole, default=None) or max(inside, default=None)
    return Said(vin=str(best[-1]), confidence=best[0], accepted=True) if best else Said()


if __name__ == "__main__":
    serve(stock_reader(), Path(sys.argv[1]), Path(sys.argv[2]))
