"""Experiments over many runs: what is asked, how it is cut into shards, and where the shards are kept."""

from greedylr_theory.sweeps.engine import Outcome as Outcome
from greedylr_theory.sweeps.engine import Plan as Plan
from greedylr_theory.sweeps.engine import execute as execute
from greedylr_theory.sweeps.engine import plan as plan
from greedylr_theory.sweeps.shard import Shard as Shard
from greedylr_theory.sweeps.store import Store as Store
from greedylr_theory.sweeps.sweep import Judgement as Judgement
from greedylr_theory.sweeps.sweep import Size as Size
from greedylr_theory.sweeps.sweep import Sweep as Sweep
