"""Rows in, frames and figures out: quality with intervals, rankings, agreement of judges.

Everything here is pure: pandas frames and mappings go in, frames and dataclasses come out.

* `frames`: the columns of every frame that goes in or comes out
* `intervals`: means with equal weight per test case and cluster-robust 95 % intervals
* `quality`, `preferences`: quality by model as people and judges see it
* `distribution`: how often each score was given
* `ranking`: mid-ranks, tie groups, the bottom k
* `calibration`: how far each judge can be trusted, beside people, ceilings and floors
* `kinship`: which models come from one family
* `overlap`, `agreement`: Jaccard index and rank-biased overlap of the bottom k, judge by judge
"""
