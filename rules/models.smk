# The models: what is shipped is checked, what is not is fetched once (docs/models.md).


rule models:
    output:
        f"{ROOT}/models.json",
    log:
        f"{ROOT}/logs/models.log",
    benchmark:
        f"{ROOT}/benchmarks/models.tsv"
    # On a cluster, where it was started: compute nodes often have no network.
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    params:
        settings=settings("models"),
    message:
        "models: check or fetch"
    shell:
        "python -m gaussianmotion --log {log:q} models"
        " --settings {params.settings:q} --out {output:q}"
