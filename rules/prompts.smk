# The checked prompt list of the experiment.


rule prompts:
    input:
        table=[] if CONFIG.prompt is not None else str(CONFIG.prompts),
    output:
        f"{ROOT}/prompts.tsv",
    log:
        f"{ROOT}/logs/prompts.log",
    benchmark:
        f"{ROOT}/benchmarks/prompts.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    params:
        code=JOBS.code("prompts"),
        settings=JOBS.settings("prompts"),
    message:
        "prompts: {output}"
    shell:
        "python -m gaussianmotion --log {log:q} prompts"
        " --settings {params.settings:q} --code {params.code:q} --out {output:q}"
