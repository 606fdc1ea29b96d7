"""Compiled functions that always use their own copies of the functions that they call.

Numba links copies of these functions into the caller and optimises them again there, so that sums in a copy may be reordered and fused
in another way, and rounded differently, than in the original. Both have the same name, and of functions with the same name a process uses
one only: the original where it has compiled or loaded that first, and the copy where it loads the caller from the cache. As internal
functions of the caller, copies are used in all cases.

Where functions call functions that call functions, each of them would be optimised, and made to machine code, once for every level above
it. Parts are functions that only compiled functions call: they are kept as they were written, and are optimised with those that call them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

#: How the names of variables begin in which Numba keeps what a function needs from the interpreter.
_ENVIRONMENT = "_ZN08NumbaEnv"


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


class PartCompiler(Compiler):
    """Numba's compiler for parts, which have no machine code of their own."""

    def define_pipelines(self) -> Any:
        """Numba's passes, which fill a library of the class below, without the code by which the interpreter calls a function."""
        self.state.library = _PartLibrary(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.flags.no_cpython_wrapper = self.state.flags.no_cfunc_wrapper = True
        return super().define_pipelines()


class _PartLibrary(JITCodeLibrary):
    """The code of a part, for callers. The interpreter gets a function that fails."""

    def _optimize_final_module(self) -> None:
        """Left to the callers."""

    def _finalize_final_module(self) -> None:
        self._for_linking = self._final_module
        _change_linkage(self._for_linking, binding.Linkage.external, binding.Linkage.linkonce_odr)
        environments = [v.name for v in self._for_linking.global_variables if v.name.startswith(_ENVIRONMENT)]
        self._stub = f"{self._for_linking.name}.stub.{id(self)}"
        lines = [f'@"{name}" = common global ptr null' for name in environments]
        lines.append(f'define ptr @"{self._stub}"(ptr, ptr, ptr) {{ ret ptr null }}')
        self._final_module = binding.parse_assembly("\n".join(lines))
        super()._finalize_final_module()

    def get_pointer_to_function(self, name: str) -> Any:
        """Of the function that fails."""
        self._ensure_finalized()
        return super().get_pointer_to_function(self._stub)

    def _get_module_for_linking(self) -> Any:
        self._ensure_finalized()
        return self._for_linking


def _change_linkage(module: Any, old: binding.Linkage, new: binding.Linkage) -> list[str]:
    """Change the linkage of the functions that are defined in a module, and return their names."""
    functions = [f for f in module.functions if f.linkage == old and not f.is_declaration]
    for function in functions:
        function.linkage = new
    return [function.name for function in functions]
