"""Medians, shares, paired comparisons and tests with intervals; deterministic, and explicit about diverged runs.

A diverged run has the value +inf: it takes part in every median, comparison and rank, as the worst there is, and is
never dropped; two of them tie. NaN has no place among the values and is refused.
"""

from greedylr_theory.statistics.estimates import Comparison as Comparison
from greedylr_theory.statistics.estimates import Estimate as Estimate
from greedylr_theory.statistics.estimates import Floats as Floats
from greedylr_theory.statistics.estimates import compare as compare
from greedylr_theory.statistics.estimates import median as median
from greedylr_theory.statistics.estimates import share as share
from greedylr_theory.statistics.estimates import suboptimality as suboptimality
from greedylr_theory.statistics.profiles import average_ranks as average_ranks
from greedylr_theory.statistics.profiles import performance_profile as performance_profile
from greedylr_theory.statistics.profiles import performance_ratios as performance_ratios
from greedylr_theory.statistics.profiles import profile_area as profile_area
from greedylr_theory.statistics.significance import SignedRanks as SignedRanks
from greedylr_theory.statistics.significance import cliffs_delta as cliffs_delta
from greedylr_theory.statistics.significance import holm as holm
from greedylr_theory.statistics.significance import wilcoxon as wilcoxon
