# The models: what is shipped is checked, what is not is fetched once (docs/how-to/models.md).
#
# A file for each prior and one for each scorer's weights, so that each job waits for its own. Where
# one is made again, its settings have changed, which are settings of those jobs, too; the code that
# checks is none of them.


rule models:
    output:
        f"{ROOT}/models/{{part}}.json",
    log:
        f"{ROOT}/logs/models/{{part}}.log",
    benchmark:
        f"{ROOT}/benchmarks/models/{{part}}.tsv"
    wildcard_constraints:
        part=one_of(SCORES.known_models()),
    # On a cluster, where it was started: compute nodes often have no network.
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        settings=JOBS.models_settings,
        only=JOBS.models_part,
    message:
        "models: check or fetch {wildcards.part}"
    shell:
        "python -m gaussianmotion --log {log:q} models"
        " --settings {params.settings:q} --only {params.only:q} --out {output:q}"
