"""Records events.tfevents: the scalars of rows.json (the run of run_records.test.ts) as TensorBoard's own messages and record writer put them down, for tensorboard.ts to equal.

Run from the repository root, with tensorboard installed: python src/formats/records/vectors/record.py. It also has TensorBoard read the file.
"""

import json
from pathlib import Path

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = Path(__file__).parent


def main():
    rows = json.loads((HERE / "rows.json").read_text())
    path = HERE / "events.tfevents"
    with path.open("wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=rows[0]["wall_time"], file_version="brain.Event:2").SerializeToString())
        for row in rows[1:]:
            values = [Summary.Value(tag=tag, simple_value=value) for tag, value in row["scalars"].items()]
            writer.write(Event(wall_time=row["wall_time"], step=row["step"], summary=Summary(value=values)).SerializeToString())
    read = list(RawEventFileLoader(str(path)).Load())
    print(len(read), "records read by TensorBoard")


if __name__ == "__main__":
    main()
