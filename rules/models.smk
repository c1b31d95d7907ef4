# The text-to-image model: the shipped prior is checked, hub models are fetched once.


rule models:
    output:
        f"{ROOT}/models.json",
    log:
        f"{ROOT}/logs/models.log",
    benchmark:
        f"{ROOT}/benchmarks/models.tsv"
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
