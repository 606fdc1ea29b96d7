"""How threads share frames."""

from __future__ import annotations


class FrameRanges:
    """Consecutive frames for each thread: (start, stop)."""

    def __init__(self, n_frames: int, threads: int) -> None:
        self._edges = [n_frames * part // min(threads, n_frames) for part in range(min(threads, n_frames) + 1)]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __getitem__(self, part: int) -> tuple[int, int]:
        return self._edges[part], self._edges[part + 1]
