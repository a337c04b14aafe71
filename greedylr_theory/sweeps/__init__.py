"""Experiments over many runs: what is asked, how it is cut into shards, and where the shards are kept."""

from greedylr_theory.sweeps.arm import Arm as Arm
from greedylr_theory.sweeps.arm import Contender as Contender
from greedylr_theory.sweeps.arm import Tuning as Tuning
from greedylr_theory.sweeps.cell import Cell as Cell
from greedylr_theory.sweeps.cell import end_gap as end_gap
from greedylr_theory.sweeps.engine import Outcome as Outcome
from greedylr_theory.sweeps.engine import Plan as Plan
from greedylr_theory.sweeps.engine import execute as execute
from greedylr_theory.sweeps.engine import plan as plan
from greedylr_theory.sweeps.shard import Shard as Shard
from greedylr_theory.sweeps.store import Store as Store
from greedylr_theory.sweeps.sweep import Judgement as Judgement
from greedylr_theory.sweeps.sweep import Size as Size
from greedylr_theory.sweeps.sweep import Sweep as Sweep
from greedylr_theory.sweeps.tuned import TunedSweep as TunedSweep
