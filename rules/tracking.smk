# MLflow: the store is created once before anybody writes; every finished run is logged whole, and the
# experiment when it is complete. What could not be logged is tried again at the next start: how often
# it failed, which its record says, is a parameter.


rule tracking_store:
    output:
        STORE,
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
        store=ancient(STORE),
        avatar=f"{RUN}/avatar.safetensors",
        sheet=f"{RUN}/sheet.png",
        scores=run_scores(RUN),
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
        folder=run_folder,
        failures=failures,
    message:
        "log: {wildcards.prompt} ({wildcards.variant}, seed {wildcards.seed})"
    shell:
        "python -m gaussianmotion --log {log:q} log --out {output:q}"
        " --failures {params.failures} {params.folder:q}"


rule log_parents:
    input:
        store=ancient(STORE),
        runs=finished_runs(),
        pooled=pooled_scores(),
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
        root=experiment_folder,
        failures=failures,
        runs=[folder_of(run) for run in GRID.runs],
    message:
        "log: means of the variants of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-parents {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"


rule log_experiment:
    input:
        runs=finished_runs(),
        pooled=pooled_scores(),
        tables=[path for kind in ("csv", "md", "tex") for path in table_files(kind)],
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
        root=experiment_folder,
        failures=failures,
        runs=[folder_of(run) for run in GRID.runs],
    message:
        "log: means, tables, figures and report of {params.root}"
    shell:
        "python -m gaussianmotion --log {log:q} log-experiment {params.root:q}"
        " --runs {params.runs:q} --failures {params.failures} --out {output:q}"
