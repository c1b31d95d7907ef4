# MLflow: the store is created once before anybody writes; every finished run is logged whole, and the
# experiment when it is complete. What could not be logged is tried again at the next start: how often
# it failed, which its record says, is a parameter.


rule tracking_store:
    output:
        FILES.store,
    log:
        f"{CONFIG.results}/mlflow/created.log",
    benchmark:
        f"{CONFIG.results}/mlflow/created.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    message:
        "tracking: create the MLflow store"
    shell:
        "python -m gaussianmotion --log {log:q} tracking-init --out {output:q}"


rule log_run:
    input:
        store=ancient(FILES.store),
        avatar=f"{RUN}/avatar.safetensors",
        sheet=f"{RUN}/sheet.png",
        scores=SCORES.run(RUN),
    output:
        f"{RUN}/logged.json",
    log:
        f"{RUN}/logs/log.log",
    benchmark:
        f"{RUN}/benchmarks/log.tsv"
    priority: 20
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        folder=JOBS.folder,
        failures=JOBS.failures,
    message:
        "log: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} log --out {output:q}"
        " --failures {params.failures} {params.folder:q}"


rule log_parents:
    input:
        store=ancient(FILES.store),
        runs=FILES.finished(),
        pooled=SCORES.all_pooled(),
    output:
        f"{ROOT}/parents.json",
    log:
        f"{ROOT}/logs/log_parents.log",
    benchmark:
        f"{ROOT}/benchmarks/log_parents.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        root=JOBS.root,
        failures=JOBS.failures,
        runs=FILES.folders(),
    message:
        "log: means of the variants of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-parents {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"


rule log_experiment:
    input:
        runs=FILES.finished(),
        pooled=SCORES.all_pooled(),
        tables=FILES.tables("csv", "md", "tex"),
        report=f"{ROOT}/report.html",
        notebook=f"{ROOT}/notebook.ipynb",
    output:
        f"{ROOT}/logged.json",
    log:
        f"{ROOT}/logs/log.log",
    benchmark:
        f"{ROOT}/benchmarks/log.tsv"
    localrule: SQLITE
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        root=JOBS.root,
        failures=JOBS.failures,
        runs=FILES.folders(),
    message:
        "log: means, tables, figures and report of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-experiment {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"
