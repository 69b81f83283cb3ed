"""The evidence for every K in one row: density, stability, size, classic indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visitseg.segments.choice.stability import Cut
from visitseg.segments.density.search import Search


@dataclass(frozen=True)
class Evidence:
    """What speaks for one K. The indices are of the visits beyond the rules, in log units.

    Attributes
    ----------
    k : int
        Number of segments, rule segments included.
    k_rest : int
        Segments beyond the rules.
    valley : float
        Density in the shallowest valley between two of them over the lower peak beside it; 1
        where a pair has no significant valley, 0 for one segment. Kinds that only a shoulder
        tells from a larger one are left aside.
    shoulder : float
        Standard errors by which the least clear shoulder of the density stands out that makes one
        kind more of this K; 0 where a valley does, or nothing.
    votes : int
        Random samples of the visits whose answer is this K.
    jaccard, prediction_strength, seed_ari, time_split : float
        Stability of k-means; see `visitseg.segments.choice.stability.Cut`.
    smallest_share : float
        Of the smallest k-means group, in the visits beyond the rules.
    inertia_ssd, silhouette, davies_bouldin, calinski_harabasz, gap, gap_error : float
        Classic indices of k-means on a sample; NaN where undefined.
    """

    k: int
    inertia_ssd: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    k_rest: int
    valley: float
    shoulder: float
    votes: int
    jaccard: float
    prediction_strength: float
    seed_ari: float
    time_split: float
    smallest_share: float
    gap: float
    gap_error: float


def evidence_of(cuts: Sequence[Cut], search: Search | None, n_ruled: int) -> list[Evidence]:
    """Put together what is known of every K.

    Parameters
    ----------
    cuts : sequence of Cut
        k-means with 1, 2 … groups beyond the rules.
    search : Search, optional
        The search for valleys; None where no visit lies beyond the rules.
    n_ruled : int
        Number of rule segments.
    """
    return [
        Evidence(
            k=n_ruled + cut.k,
            inertia_ssd=cut.inertia,
            silhouette=cut.silhouette,
            davies_bouldin=cut.davies_bouldin,
            calinski_harabasz=cut.calinski_harabasz,
            k_rest=cut.k,
            valley=search.tree.ratio(cut.k) if search else 0.0,
            shoulder=search.tree.shoulder(cut.k) if search else 0.0,
            votes=search.supporters(cut.k) if search else 0,
            jaccard=cut.jaccard,
            prediction_strength=cut.prediction_strength,
            seed_ari=cut.seed_ari,
            time_split=cut.time_split,
            smallest_share=cut.smallest,
            gap=cut.gap,
            gap_error=cut.gap_error,
        )
        for cut in cuts
    ]
