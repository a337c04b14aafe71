"""How an outcome depends on the declared parameters of a scheduler: response curves, Sobol indices, heat maps."""

from __future__ import annotations

from greedylr_theory.sensitivity.indices import Indices as Indices
from greedylr_theory.sensitivity.indices import estimate as estimate
from greedylr_theory.sensitivity.ranges import Range as Range
from greedylr_theory.sensitivity.ranges import parsed as parsed
from greedylr_theory.sensitivity.ranges import usual as usual
from greedylr_theory.sensitivity.responses import Curve as Curve
from greedylr_theory.sensitivity.responses import Heat as Heat
from greedylr_theory.sensitivity.responses import Outcome as Outcome
from greedylr_theory.sensitivity.responses import Responses as Responses
from greedylr_theory.sensitivity.responses import curves as curves
from greedylr_theory.sensitivity.responses import heat as heat
from greedylr_theory.sensitivity.responses import respond as respond
from greedylr_theory.sensitivity.study import Study as Study
from greedylr_theory.sensitivity.study import as_dict as as_dict
from greedylr_theory.sensitivity.study import name_of as name_of
from greedylr_theory.sensitivity.study import seconds as seconds
from greedylr_theory.sensitivity.study import study as study
from greedylr_theory.sensitivity.study import write as write
