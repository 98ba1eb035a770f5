"""Processes of a test that are killed and started again."""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

fork = multiprocessing.get_context("fork")


class Crew:
    """Processes, each of a function and its arguments."""

    def __init__(self, jobs: Sequence[tuple[Callable[..., None], *tuple[Any, ...]]]) -> None:
        self.jobs, self.crew = jobs, dict[int, Any]()
        for index in range(len(jobs)):
            self.start(index)

    def start(self, index: int) -> None:
        """Start a process; one that runs is killed before."""
        if index in self.crew:
            self.crew[index].kill()
            self.crew[index].join()
        target, *values = self.jobs[index]
        self.crew[index] = fork.Process(target=target, args=values, daemon=True)
        self.crew[index].start()

    def restart_dead(self) -> None:
        """Start those that ended again."""
        for index, process in self.crew.items():
            if not process.is_alive():
                self.start(index)

    def kill(self) -> None:
        """End all."""
        for process in self.crew.values():
            process.kill()
            process.join()
