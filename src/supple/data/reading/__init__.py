"""Reading files of geometries, energies and forces: `read` for all formats, one module for each.

`read_file` finds the files and their readers (`registry`); a reader takes a `ReadRequest` and returns `RawFrames`, whose
units `resolve_units` settles.
"""

from supple.data.reading.defects import Defect as Defect
from supple.data.reading.frames import Frame as Frame
from supple.data.reading.frames import combine_frames as combine_frames
from supple.data.reading.raw_frames import RawFrames as RawFrames
from supple.data.reading.raw_frames import StatedUnits as StatedUnits
from supple.data.reading.read_file import Survey as Survey
from supple.data.reading.read_file import read as read
from supple.data.reading.read_file import survey as survey
from supple.data.reading.read_request import ReadRequest as ReadRequest
