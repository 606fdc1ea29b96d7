"""Small files as programs print them: water, with numbers of our own."""

from data.reading import gaussian_samples, orca_samples

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

  ==> Geometry <==

    Molecular point group: c1
    Full point group: C1

    Geometry (in Bohr), charge = 0, multiplicity = 1:

       Center              X                  Y                   Z               Mass
    ------------   -----------------  -----------------  -----------------  -----------------
         O            0.000000000000     0.000000000000     0.225372517068    15.994914619570
         H            0.000000000000     1.442312677587    -0.901488179545     1.007825032230
         H            0.000000000000    -1.442312677587    -0.901488179545     1.007825032230

  Running in c1 symmetry.

  ==> Iterations <==

                           Total Energy        Delta E     RMS |[F,P]|

   @DF-RKS iter   1:   -76.26812500000000   -3.42482e-12   1.80398e-09 DIIS
  Energy and wave function converged.


  ==> Post-Iterations <==

  @DF-RKS Final Energy:   -76.26812500000000

   => Energetics <=

    Nuclear Repulsion Energy =              9.0882937661993211
    Total Energy =                        -76.2681250000000000

Computation Completed

         ------------------------------------------------------------
                                   SCF GRAD
                          Rob Parrish, Justin Turney,
         ------------------------------------------------------------

  -Total Gradient:
     Atom            X                  Y                   Z
    ------   -----------------  -----------------  -----------------
       1        0.000000000000     0.000000000000     0.010000000000
       2        0.000000000000    -0.004000000000    -0.005000000000
       3        0.000000000000     0.004000000000    -0.005000000000

    Psi4 stopped on: Saturday, 10 December 2022 09:14AM

*** Psi4 exiting successfully. Buy a developer a beer!
"""

QCHEM = """                  Welcome to Q-Chem
     A Quantum Leap Into The Future Of Chemistry


 Q-Chem 5.4, Q-Chem, Inc., Pleasanton, CA (2021)

--------------------------------------------------------------
User input:
--------------------------------------------------------------
$rem
 jobtype = force
 method = pbe
 basis = sto-3g
$end

$molecule
 0 1
 O   0.0000000000   0.0000000000   0.1192620000
 H   0.0000000000   0.7632390000  -0.4770470000
 H   0.0000000000  -0.7632390000  -0.4770470000
$end
--------------------------------------------------------------
 ----------------------------------------------------------------
             Standard Nuclear Orientation (Angstroms)
    I     Atom           X                Y                Z
 ----------------------------------------------------------------
    1      O       0.0000000000     0.0000000000     0.1192620000
    2      H       0.0000000000     0.7632390000    -0.4770470000
    3      H       0.0000000000    -0.7632390000    -0.4770470000
 ----------------------------------------------------------------
 Nuclear Repulsion Energy =           9.08829377 hartrees
 There are        5 alpha and        5 beta electrons
 Requested basis set is STO-3G
 There are 5 shells and 7 basis functions

 SCF time:   CPU 0.04s  wall 0.00s
 SCF   energy in the final basis set =      -76.2681250000
 Total energy in the final basis set =      -76.2681250000

 Calculating analytic gradient of the SCF energy
 Gradient of SCF Energy
            1           2           3
    1   0.0000000   0.0000000   0.0000000
    2   0.0000000  -0.0040000   0.0040000
    3   0.0100000  -0.0050000  -0.0050000
 Max gradient component =       1.000E-02
 RMS gradient           =       5.000E-03

        *************************************************************
        *                                                           *
        *  Thank you very much for using Q-Chem.  Have a nice day.  *
        *                                                           *
        *************************************************************
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

GAUSSIAN = """ Entering Gaussian System, Link 0=g16
 ----------------------------------------------------------------------
 #P PBE1PBE/def2SVP Force Integral(Grid=UltraFine) EmpiricalDispersion=
 GD3BJ
 ----------------------------------------------------------------------
 Symbolic Z-matrix:
 Charge =  0 Multiplicity = 1
 O                     0.        0.        0.11926
 H                     0.        0.76324  -0.47705
 H                     0.       -0.76324  -0.47705

                          Input orientation:
 ---------------------------------------------------------------------
 Center     Atomic      Atomic             Coordinates (Angstroms)
 Number     Number       Type             X           Y           Z
 ---------------------------------------------------------------------
      1          8           0        0.000000    0.000000    0.119260
      2          1           0        0.000000    0.763240   -0.477050
      3          1           0        0.000000   -0.763240   -0.477050
 ---------------------------------------------------------------------
                         Standard orientation:
 ---------------------------------------------------------------------
 Center     Atomic      Atomic             Coordinates (Angstroms)
 Number     Number       Type             X           Y           Z
 ---------------------------------------------------------------------
      1          8           0        0.000000    0.119260    0.000000
      2          1           0        0.763240   -0.477050    0.000000
      3          1           0       -0.763240   -0.477050    0.000000
 ---------------------------------------------------------------------
 SCF Done:  E(RPBE1PBE) =  -76.2681250000     A.U. after   10 cycles
 -------------------------------------------------------------------
 Center     Atomic                   Forces (Hartrees/Bohr)
 Number     Number              X              Y              Z
 -------------------------------------------------------------------
      1        8           0.000000000    0.000000000   -0.010000000
      2        1           0.000000000    0.004000000    0.005000000
      3        1           0.000000000   -0.004000000    0.005000000
 -------------------------------------------------------------------
 Cartesian Forces:  Max     0.010000000 RMS     0.005000000
 Normal termination of Gaussian 16.
"""

AIMS = """------------------------------------------------------------
          Invoking FHI-aims ...

          When using FHI-aims, please cite the following reference:
------------------------------------------------------------
  Reading file control.in.
  xc               pbe
  spin             none

  Reading geometry description geometry.in.
  | Number of atoms                   :        3
  | Number of spin channels           :        1
  Input geometry:
  | No unit cell requested.
  | Atomic structure:
  |       Atom                x [A]            y [A]            z [A]
  |    1: Species O             0.00000000        0.00000000        0.11926200
  |    2: Species H             0.00000000        0.76323900       -0.47704700
  |    3: Species H             0.00000000       -0.76323900       -0.47704700

  The structure contains        3 atoms,  and a total of         10.000 electrons.
  | Number of Kohn-Sham states (occupied + empty):        8
  | Number of k-points                             :         1

          Begin self-consistency loop: Initialization.

------------------------------------------------------------
          Begin self-consistency iteration #    1
  Self-consistency cycle converged.

  Total energy components:
  | Total energy                  :         -76.26812500 Ha       -2075.36138000 eV
  | Electronic free energy        :         -76.26812500 Ha       -2075.36138000 eV

  Energy and forces in a compact form:
  | Total energy uncorrected      :         -0.207536138000000E+04 eV
  | Electronic free energy        :         -0.207536138000000E+04 eV
  Total atomic forces (unitary forces cleaned) [eV/Ang]:
  |    1          0.000000000000000E+00          0.000000000000000E+00         -0.500000000000000E+00
  |    2          0.000000000000000E+00          0.200000000000000E+00          0.250000000000000E+00
  |    3          0.000000000000000E+00         -0.200000000000000E+00          0.250000000000000E+00

------------------------------------------------------------
          Final output of selected total energy values:
  | Total energy of the DFT / Hartree-Fock s.c.f. calculation      :          -2075.361380000 eV

          Have a nice day.
------------------------------------------------------------
"""

OUTCAR = """ vasp.6.3.0 20Jan22 (build Mar 1 2022) complex
 POTCAR:    PAW_PBE O 08Apr2002
 POTCAR:    PAW_PBE H 15Jun2001
 POTCAR:    PAW_PBE O 08Apr2002
 POTCAR:    PAW_PBE H 15Jun2001
   TITEL  = PAW_PBE O 08Apr2002
   TITEL  = PAW_PBE H 15Jun2001
   ISPIN  =      1    spin polarized calculation?
   ions per type =               1   2
      direct lattice vectors                 reciprocal lattice vectors
    10.000000000  0.000000000  0.000000000     0.100000000  0.000000000  0.000000000
     0.000000000 10.000000000  0.000000000     0.000000000  0.100000000  0.000000000
     0.000000000  0.000000000 10.000000000     0.000000000  0.000000000  0.100000000

--------------------------------------- Iteration      1(   1)  ---------------------------------------

------------------------ aborting loop because EDIFF is reached ----------------------------------------

      direct lattice vectors                 reciprocal lattice vectors
    10.000000000  0.000000000  0.000000000     0.100000000  0.000000000  0.000000000
     0.000000000 10.000000000  0.000000000     0.000000000  0.100000000  0.000000000
     0.000000000  0.000000000 10.000000000     0.000000000  0.000000000  0.100000000

 POSITION                                       TOTAL-FORCE (eV/Angst)
 -----------------------------------------------------------------------------------
      0.00000      0.00000      0.10000         0.000000      0.000000     -0.500000
      0.00000      0.76300      9.52300         0.000000      0.200000      0.250000
      0.00000      9.23700      9.52300         0.000000     -0.200000      0.250000
 -----------------------------------------------------------------------------------
    total drift:                                0.000000      0.000000      0.000000

  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)
  ---------------------------------------------------
  free  energy   TOTEN  =       -14.22000000 eV

  energy  without entropy=      -14.21000000  energy(sigma->0) =      -14.21500000
"""

CP2K = """ CP2K| version string:                                       CP2K version 2023.1

 CELL| Vector a [angstrom]:      10.000     0.000     0.000   |a| =    10.000000
 CELL| Vector b [angstrom]:       0.000    10.000     0.000   |b| =    10.000000
 CELL| Vector c [angstrom]:       0.000     0.000    10.000   |c| =    10.000000

 FUNCTIONAL| PBE:
 FUNCTIONAL| J.P.Perdew, K.Burke, M.Ernzerhof, Phys. Rev. Letter, vol. 77, n 18,

 MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM

   Atom Kind Element         X             Y             Z       Z(eff)     Mass
      1    1 O    8      0.000000      0.000000      0.119262   6.0000  15.9994
      2    2 H    1      0.000000      0.763239     -0.477047   1.0000   1.0079
      3    2 H    1      0.000000     -0.763239     -0.477047   1.0000   1.0079

  *** SCF run converged in    12 steps ***

 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:              -17.164344750800000

 ATOMIC FORCES in [a.u.]

 # Atom   Kind   Element          X              Y              Z
      1      1      O           0.00000000     0.00000000    -0.01000000
      2      2      H           0.00000000     0.00400000     0.00500000
      3      2      H           0.00000000    -0.00400000     0.00500000
 SUM OF ATOMIC FORCES           0.00000000     0.00000000     0.00000000     0.00000000
"""

#: As CP2K prints the same since 2025.
CP2K_2025 = (
    CP2K[: CP2K.index(" ENERGY|")]
    + """ ENERGY| Total FORCE_EVAL ( QS ) energy [hartree]            -17.164344750800000

 FORCES| Atomic forces [hartree/bohr]
 FORCES|   Atom     x               y               z               |f|
 FORCES|      1  0.00000000E+00  0.00000000E+00 -1.00000000E-02   1.00000000E-02
 FORCES|      2  0.00000000E+00  4.00000000E-03  5.00000000E-03   6.40312424E-03
 FORCES|      3  0.00000000E+00 -4.00000000E-03  5.00000000E-03   6.40312424E-03
 FORCES| Sum     0.00000000E+00  0.00000000E+00  0.00000000E+00
"""
)

ENGRAD = """#
# Number of atoms
#
 3
#
# The current total energy in Eh
#
    -76.268125000000
#
# The current gradient in Eh/bohr
#
       0.000000000000
       0.000000000000
       0.010000000000
       0.000000000000
      -0.004000000000
      -0.005000000000
       0.000000000000
       0.004000000000
      -0.005000000000
#
# The atomic numbers and current coordinates in Bohr
#
   8     0.0000000    0.0000000    0.2253725
   1     0.0000000    1.4423127   -0.9014882
   1     0.0000000   -1.4423127   -0.9014882
"""


#: Several jobs and steps, so that a fault in one must not touch another.
ORCA_JOBS = "".join(
    [
        orca_samples.header("! PBE0 EnGrad", "%tddft iroot 1 end", "$new_job", "! RI-MP2 def2-SVP EnGrad"),
        orca_samples.job(1),
        orca_samples.geometry(),
        orca_samples.scf(-76.4),
        orca_samples.excitation(-76.4, -76.268125),
        orca_samples.energy(),
        orca_samples.excited_gradient(),
        orca_samples.gradient(),
        orca_samples.job(2),
        orca_samples.geometry(orca_samples.BENT),
        orca_samples.mp2_gradient(),
        orca_samples.energy(),
        orca_samples.TERMINATED,
    ]
)
GAUSSIAN_JOBS = "".join(
    [
        gaussian_samples.header("#P B3LYP/6-31G(d) Opt Freq"),
        gaussian_samples.POINT * 2,
        gaussian_samples.internal(2),
        gaussian_samples.step("#N Geom=AllCheck RB3LYP/6-31G(d) Freq"),
        gaussian_samples.POINT,
        gaussian_samples.TERMINATED,
    ]
)


def samples() -> dict[str, bytes]:
    """File name -> content, of every text format that programs write."""
    texts = {
        "orca.out": ORCA,
        "orca.engrad": ENGRAD,
        "orca-jobs.out": ORCA_JOBS,
        "gaussian.log": GAUSSIAN,
        "gaussian-jobs.log": GAUSSIAN_JOBS,
        "aims.out": AIMS,
        "vasprun.xml": VASPRUN,
        "OUTCAR": OUTCAR,
        "psi4.out": PSI4,
        "qchem.out": QCHEM,
        "cp2k.out": CP2K,
        "cp2k-2025.out": CP2K_2025,
        "water-pos-1.xyz": CP2K_POSITIONS,
        "water-frc-1.xyz": CP2K_FORCES,
    }
    return {name: text.encode() for name, text in texts.items()}
