"""Small files as programs print them: water, with numbers of our own."""

ORCA = """
                                 *****************
                                 * O   R   C   A *
                                 *****************

                         Program Version 5.0.3 -  RELEASE  -

================================================================================
                                       INPUT FILE
================================================================================
NAME = water.inp
|  1> ! PBE def2-SVP EnGrad
|  2> * xyz 0 1
|  3>                          ****END OF INPUT****
================================================================================

Number of atoms                             ...      3

---------------------------------
CARTESIAN COORDINATES (ANGSTROEM)
---------------------------------
  O      0.000000    0.000000    0.119262
  H      0.000000    0.763239   -0.477047
  H      0.000000   -0.763239   -0.477047

----------------------------
CARTESIAN COORDINATES (A.U.)
----------------------------

Total Charge           Charge          ....    0

-------------------------   --------------------
FINAL SINGLE POINT ENERGY       -76.268125000000
-------------------------   --------------------

------------------
CARTESIAN GRADIENT
------------------

   1   O   :    0.000000000    0.000000000    0.010000000
   2   H   :    0.000000000   -0.004000000   -0.005000000
   3   H   :    0.000000000    0.004000000   -0.005000000

Difference to translation invariance:

                             ****ORCA TERMINATED NORMALLY****
TOTAL RUN TIME: 0 days 0 hours 0 minutes 3 seconds 120 msec
"""

PSI4 = """
    -----------------------------------------------------------------------
          Psi4: An Open-Source Ab Initio Electronic Structure Package
                               Psi4 1.7 release
    -----------------------------------------------------------------------
"""

CP2K_POSITIONS = """       3
 i =        0, time =        0.000, E =       -17.1643447508
  O         0.0000000000        0.0000000000        0.1192620000
  H         0.0000000000        0.7632390000       -0.4770470000
  H         0.0000000000       -0.7632390000       -0.4770470000
       3
 i =        1, time =        0.500, E =       -17.1640000000
  O         0.0000000000        0.0000000000        0.1200000000
  H         0.0000000000        0.7700000000       -0.4770470000
  H         0.0000000000       -0.7700000000       -0.4770470000
"""

CP2K_FORCES = """       3
 i =        0, time =        0.000, E =       -17.1643447508
  O         0.0000000000        0.0000000000       -0.0100000000
  H         0.0000000000        0.0040000000        0.0050000000
  H         0.0000000000       -0.0040000000        0.0050000000
       3
 i =        1, time =        0.500, E =       -17.1640000000
  O         0.0000000000        0.0000000000       -0.0120000000
  H         0.0000000000        0.0010000000        0.0060000000
  H         0.0000000000       -0.0010000000        0.0060000000
"""

VASPRUN = """<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
 <generator><i name="program" type="string">vasp </i></generator>
 <kpoints><varray name="kpointlist" ><v>0.0 0.0 0.0 </v></varray><varray name="weights" ><v>1.0 </v></varray></kpoints>
 <parameters></parameters>
 <atominfo>
  <atoms>3 </atoms>
  <array name="atoms" ><set><rc><c>O </c><c>1</c></rc><rc><c>H </c><c>2</c></rc><rc><c>H </c><c>2</c></rc></set></array>
 </atominfo>
 <structure name="initialpos" >
  <crystal><varray name="basis" ><v>10.0 0.0 0.0 </v><v>0.0 10.0 0.0 </v><v>0.0 0.0 10.0 </v></varray></crystal>
  <varray name="positions" ><v>0.0 0.0 0.01 </v><v>0.0 0.0763 0.9523 </v><v>0.0 0.9237 0.9523 </v></varray>
 </structure>
 <calculation>
  <scstep><energy><i name="e_fr_energy">-14.2200 </i><i name="e_wo_entrp">-14.2100 </i><i name="e_0_energy">-14.2150 </i></energy></scstep>
  <structure>
   <crystal><varray name="basis" ><v>10.0 0.0 0.0 </v><v>0.0 10.0 0.0 </v><v>0.0 0.0 10.0 </v></varray></crystal>
   <varray name="positions" ><v>0.0 0.0 0.01 </v><v>0.0 0.0763 0.9523 </v><v>0.0 0.9237 0.9523 </v></varray>
  </structure>
  <varray name="forces" ><v>0.0 0.0 -0.5 </v><v>0.0 0.2 0.25 </v><v>0.0 -0.2 0.25 </v></varray>
  <energy><i name="e_fr_energy">-14.2200 </i><i name="e_wo_entrp">-14.2100 </i><i name="e_0_energy">-14.2150 </i></energy>
 </calculation>
</modeling>
"""


def samples() -> dict[str, bytes]:
    """File name -> content, of every text format that programs write."""
    texts = {
        "orca.out": ORCA,
        "vasprun.xml": VASPRUN,
        "water-pos-1.xyz": CP2K_POSITIONS,
        "water-frc-1.xyz": CP2K_FORCES,
    }
    return {name: text.encode() for name, text in texts.items()}
