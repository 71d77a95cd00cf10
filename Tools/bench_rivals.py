"""Workflow engines that Tools/bench engine runs beside imflow, each in a process of its own:
bench_rivals.py parsl|dbos COUNT FOLDER

Each runs COUNT processes `/bin/echo 0`, two at a time, and keeps every result so that a `kill -9` loses none: Parsl by
its checkpoints after each task, DBOS by a step a task in SQLite. A second run in the same FOLDER finds them done."""

import subprocess
import sys

ECHO = ["/bin/echo", "0"]


def parsl(count, folder):
    import parsl
    from parsl.config import Config
    from parsl.dataflow.memoization import BasicMemoizer
    from parsl.executors import ThreadPoolExecutor
    from parsl.utils import get_all_checkpoints

    memoizer = BasicMemoizer(checkpoint_mode="task_exit", checkpoint_files=get_all_checkpoints(folder))
    parsl.load(Config(executors=[ThreadPoolExecutor(max_threads=2)], memoizer=memoizer, run_dir=folder,
                      initialize_logging=False))

    @parsl.python_app(cache=True)
    def no_op(index):
        import subprocess
        return subprocess.run(["/bin/echo", "0"], check=True, stdout=subprocess.PIPE).stdout

    total = sum(int(future.result()) for future in [no_op(index) for index in range(count)])
    parsl.dfk().cleanup()
    return total


def dbos(count, folder):
    from dbos import DBOS, SetWorkflowID

    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.sqlite", "log_level": "ERROR",
                 "run_admin_server": False})

    @DBOS.step()
    def no_op(index):
        return subprocess.run(ECHO, check=True, stdout=subprocess.PIPE).stdout.decode()

    @DBOS.workflow()
    def half(first):
        return sum(int(no_op(index)) for index in range(first, count, 2))

    DBOS.launch()
    handles = []
    for first in range(2):
        with SetWorkflowID(f"half-{first}"):
            handles.append(DBOS.start_workflow(half, first))
    total = sum(handle.get_result() for handle in handles)
    DBOS.destroy()
    return total


def main():
    kind, count, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    total = {"parsl": parsl, "dbos": dbos}[kind](count, folder)
    if total != 0:
        sys.exit(f"{kind}: the sum of {count} zeros is {total}")


if __name__ == "__main__":
    main()
