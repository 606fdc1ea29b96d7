"""Writing datasets: `write` for all formats, one module for each; `registry` lists them."""

from supple.data.writing.extxyz import write_extxyz as write_extxyz
from supple.data.writing.file_format import FileFormat as FileFormat
from supple.data.writing.write_file import format_of as format_of
from supple.data.writing.write_file import write as write
