"""Compiled functions that always use their own copies of the functions that they call.

Numba links copies of these functions into the caller and optimises them again there, so that sums in a copy may be reordered and fused
in another way, and rounded differently, than in the original. Both have the same name, and of functions with the same name a process uses
one only: the original where it has compiled or loaded that first, and the copy where it loads the caller from the cache. As internal
functions of the caller, copies are used in all cases.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class SelfContainedCompiler(Compiler):
    """Numba's compiler; its machine code does not call other compiled functions."""

    def define_pipelines(self) -> Any:
        """Numba's passes, which fill a library of the class below."""
        library = _SelfContainedLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        library.enable_object_caching()
        self.state.library = library
        return super().define_pipelines()


class _SelfContainedLibrary(JITCodeLibrary):
    """The code of a function, with internal copies of those that it calls."""

    def _finalize_final_module(self) -> None:
        """Called between the last optimisation and the generation of machine code."""
        self._linked_in = _change_linkage(self._final_module, binding.Linkage.linkonce_odr, binding.Linkage.internal)
        super()._finalize_final_module()

    def _get_module_for_linking(self) -> Any:
        """The code for callers, in which functions of the same name are merged."""
        self._ensure_finalized()
        if self._shared_module is None:
            # Bitcode omits some details. What is read from the cache has passed through it, so what was just compiled should too.
            module = binding.parse_bitcode(self._final_module.as_bitcode())
            for name in self._linked_in:
                module.get_function(name).linkage = binding.Linkage.linkonce_odr
            _change_linkage(module, binding.Linkage.external, binding.Linkage.linkonce_odr)
            self._shared_module = module
        return self._shared_module


def _change_linkage(module: Any, old: binding.Linkage, new: binding.Linkage) -> list[str]:
    """Change the linkage of the functions that are defined in a module, and return their names."""
    functions = [f for f in module.functions if f.linkage == old and not f.is_declaration]
    for function in functions:
        function.linkage = new
    return [function.name for function in functions]
